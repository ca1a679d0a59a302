"""What the server API does, without HTTP.

One coroutine a method, from a request to the JSON of its result. What is wrong is raised as
Refused.
"""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from pydantic import ValidationError
from redis.exceptions import RedisError

from realtime_gateway.api import schema as api
from realtime_gateway.api.refused import Refused, error_json
from realtime_gateway.api.spans import Spans
from realtime_gateway.config.options import ChannelOptions
from realtime_gateway.engine.control import Control
from realtime_gateway.node.node import Node
from realtime_gateway.protocol import codes, wire
from realtime_gateway.protocol.codes import Error
from realtime_gateway.protocol.position import StreamPosition
from realtime_gateway.sessions import control_commands, publishing
from realtime_gateway.sessions.claims import Overrides
from realtime_gateway.sessions.control_commands import ControlCommand
from realtime_gateway.sessions.effects import Read

OK: Final = b"{}"

log = logging.getLogger("gateway.api")


class Methods:
    """The methods of the server API.

    Each takes a checked request and returns its result as JSON.
    """

    def __init__(self, node: Node, control: Control, spans: Spans) -> None:
        self._node = node
        self._spans = spans
        self._control = control
        self._by_name: dict[str, Callable[[Any], Awaitable[bytes]]] = {
            "publish": self.publish,
            "broadcast": self.broadcast,
            "subscribe": self.subscribe,
            "unsubscribe": self.unsubscribe,
            "disconnect": self.disconnect,
            "refresh": self.refresh,
            "presence": self.presence,
            "presence_stats": self.presence_stats,
            "history": self.history,
            "history_remove": self.history_remove,
            "channels": self.channels,
            "info": self.info,
        }

    async def call(self, method: str, parameters: dict[str, Any]) -> bytes:
        """The result of a method given by its name."""
        with self._spans.command(method, parameters):
            return await self._call(method, parameters)

    async def batch(self, request: api.BatchRequest) -> list[bytes]:
        """The reply to each command, in their order."""
        if request.parallel:
            return list(await asyncio.gather(*map(self._reply, request.commands)))
        return [await self._reply(command) for command in request.commands]

    async def publish(self, request: api.PublishRequest) -> bytes:
        """Publish into one channel; its offset and epoch, if the channel has a history."""
        return await self._publish(request.channel, request)

    async def broadcast(self, request: api.BroadcastRequest) -> bytes:
        """Publish the same data into many channels; one response each, in their order."""
        replies = [await self._published(each, request) for each in request.channels]
        return b'{"responses":[%s]}' % b",".join(replies)

    async def subscribe(self, request: api.SubscribeRequest) -> bytes:
        """Put a user's connections into a channel, on all nodes."""
        self._options(request.channel)
        since = request.recover_since
        return await self._broadcast(
            control_commands.Subscribe(
                **_whom(request),
                channel=request.channel,
                info=request.info,
                data=request.data,
                since=None if since is None else StreamPosition(since.offset, since.epoch),
                lifetime=_lifetime(request.expire_at),
                overrides=_overrides(request.override),
            )
        )

    async def unsubscribe(self, request: api.UnsubscribeRequest) -> bytes:
        """Take a user's connections out of a channel, on all nodes."""
        self._options(request.channel)
        return await self._broadcast(
            control_commands.Unsubscribe(**_whom(request), channel=request.channel)
        )

    async def disconnect(self, request: api.DisconnectRequest) -> bytes:
        """Close a user's connections with a code, on all nodes."""
        given = request.disconnect
        code = given.code if given else request.code
        reason = given.reason if given else request.reason
        return await self._broadcast(
            control_commands.Disconnect(
                **_whom(request),
                code=code or codes.FORCED.code,
                reason=codes.FORCED.reason if reason is None else reason,
                whitelist=tuple(request.whitelist),
            )
        )

    async def refresh(self, request: api.RefreshRequest) -> bytes:
        """Prolong a user's connections, or end them as expired, on all nodes."""
        lifetime = _lifetime(request.expire_at)
        is_expired = request.expired or (lifetime is not None and lifetime <= 0)
        return await self._broadcast(
            control_commands.Refresh(**_whom(request), is_expired=is_expired, lifetime=lifetime)
        )

    async def presence(self, request: api.PresenceRequest) -> bytes:
        """Who is in a channel, by client id; Refused where the channel keeps no presence."""
        return wire.dumps({"presence": await self._present(request.channel)})

    async def presence_stats(self, request: api.PresenceStatsRequest) -> bytes:
        """How many clients and how many users are in a channel."""
        return wire.dumps(publishing.count(await self._present(request.channel)))

    async def history(self, request: api.HistoryRequest) -> bytes:
        """A page of a channel's history, with the stream's position."""
        if not self._options(request.channel).has_history:
            raise Refused(codes.NOT_AVAILABLE)
        since = request.since
        page = await self._node.read(
            Read(
                request.channel,
                request.limit or 0,
                None if since is None else StreamPosition(since.offset, since.epoch),
                bool(request.reverse),
            )
        )
        if isinstance(page, Error):
            raise Refused(page)
        listed = b",".join([wire.publication(*entry) for entry in page.entries])
        top = wire.dumps({"offset": page.offset, "epoch": page.epoch})
        return b'{"publications":[%s],%s' % (listed, top[1:])

    async def history_remove(self, request: api.HistoryRemoveRequest) -> bytes:
        """Delete the publications of a channel; its offsets go on."""
        if not self._options(request.channel).has_history:
            raise Refused(codes.NOT_AVAILABLE)
        await self._node.remove_history(request.channel)
        await self._control.forget_history(request.channel)
        return OK

    async def channels(self, request: api.ChannelsRequest) -> bytes:
        """The channels that have clients on any node, and how many."""
        found = await self._control.count_channels(request.pattern)
        return wire.dumps(
            {"channels": {name: {"num_clients": found[name]} for name in sorted(found)}}
        )

    async def info(self, request: api.InfoRequest) -> bytes:
        """The running nodes: this one, and every other that was heard of lately."""
        return wire.dumps({"nodes": self._control.nodes()})

    async def _call(self, method: str, parameters: dict[str, Any]) -> bytes:
        if method not in self._by_name:
            raise Refused(codes.METHOD_NOT_FOUND)
        try:
            request = api.REQUESTS[method][0].model_validate(parameters)
            return await self._by_name[method](request)
        except ValidationError as error:
            raise Refused(codes.BAD_REQUEST) from error
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("%s failed: Redis is away", method)
            raise Refused(codes.INTERNAL) from error

    async def _reply(self, command: dict[str, dict[str, Any]]) -> bytes:
        if len(command) != 1:
            return b'{"error":%s}' % error_json(codes.BAD_REQUEST)
        ((method, parameters),) = command.items()
        try:
            result = await self.call(method, parameters)
        except Refused as refused:
            return b'{"error":%s}' % error_json(refused.error)
        return b'{"%s":%s}' % (method.encode(), result)

    async def _published(self, channel: str, request: api.BroadcastRequest) -> bytes:
        try:
            return b'{"result":%s}' % await self._publish(channel, request)
        except Refused as refused:
            return b'{"error":%s}' % error_json(refused.error)

    async def _publish(
        self, channel: str, request: api.PublishRequest | api.BroadcastRequest
    ) -> bytes:
        options = self._options(channel)
        try:
            fragment = wire.fragment(request.data, tags=request.tags)
        except ValueError as error:
            raise Refused(codes.BAD_REQUEST) from error
        position = await self._node.publish(
            channel,
            options,
            fragment,
            skip_history=request.skip_history,
            idempotency_key=request.idempotency_key or None,
        )
        if not position.epoch:
            return OK
        return wire.dumps({"offset": position.offset, "epoch": position.epoch})

    async def _present(self, channel: str) -> dict[str, Any]:
        if not self._options(channel).presence:
            raise Refused(codes.NOT_AVAILABLE)
        return await self._node.presence.read(channel)

    async def _broadcast(self, command: ControlCommand) -> bytes:
        await self._control.broadcast(command)
        return OK

    def _options(self, channel: str) -> ChannelOptions:
        channels = self._node.rules.channels
        if not channels.is_valid(channel):
            raise Refused(codes.BAD_REQUEST)
        options = channels.options(channel)
        if options is None:
            raise Refused(codes.UNKNOWN_CHANNEL)
        return options


def _whom(request: Any) -> dict[str, Any]:
    return {"user": request.user, "client": request.client, "session": request.session}


def _lifetime(expire_at: float | None) -> float | None:
    if not expire_at or not math.isfinite(expire_at):
        return None
    return expire_at - time.time()


def _overrides(given: api.SubscribeOptionOverride | None) -> Overrides:
    return tuple((name, option.value) for name, option in given or () if option is not None)
