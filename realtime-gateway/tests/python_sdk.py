"""A member (official_sdks.py) that is a client of the official SDK for Python."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from centrifuge import (
    CentrifugeError,
    Client,
    ClientEventHandler,
    StreamPosition,
    SubscriptionEventHandler,
)
from official_sdks import Facts, Member, Refused, State, Tokens


class PythonMember(Member):
    def __init__(
        self, url: str, encoding: str, tokens: Tokens | None, state: State | None
    ) -> None:
        super().__init__(tokens, state)
        self._is_protobuf = encoding == "protobuf"
        self.client = Client(
            url, events=_ClientEvents(self), use_protobuf=self._is_protobuf,
            get_token=self._token if tokens else None, min_reconnect_delay=0.05,
            max_reconnect_delay=0.2, proxy=None,
        )  # fmt: skip

    async def ask(self, verb: str, channel: str = "", **given: Any) -> Any:
        try:
            return await getattr(self, f"_{verb}")(channel, **given)
        except CentrifugeError as error:
            raise Refused(int(getattr(error, "code", 0))) from error

    async def _connect(self, channel: str) -> None:
        await self.client.connect()

    async def _subscribe(
        self, channel: str, *, token: bool = False, state: bool = False, **options: Any
    ) -> None:
        names = {"joinLeave": "join_leave"}
        subscription = self.client.new_subscription(
            channel,
            events=_SubscriptionEvents(self, channel),
            min_resubscribe_delay=0.05,
            max_resubscribe_delay=0.2,
            get_token=self._token if token else None,
            get_state=self._position if state else None,
            **{names.get(name, name): value for name, value in options.items()},
        )
        await subscription.subscribe()

    async def _unsubscribe(self, channel: str) -> None:
        await self.client.get_subscription(channel).unsubscribe()

    async def _publish(self, channel: str, data: Any) -> None:
        given = json.dumps(data).encode() if self._is_protobuf else data
        await self.client.publish(channel, given)

    async def _history(self, channel: str, since: Facts | None = None, **given: Any) -> Facts:
        place = None if since is None else StreamPosition(**since)
        page = await self.client.history(channel, since=place, **given)
        listed = [self.told(each) for each in page.publications]
        return {"offset": page.offset, "epoch": page.epoch, "publications": listed}

    async def _presence(self, channel: str) -> Facts:
        found = await self.client.presence(channel)
        return {name: self.who(info) for name, info in found.clients.items()}

    async def _presence_stats(self, channel: str) -> Facts:
        found = await self.client.presence_stats(channel)
        return {"num_clients": found.num_clients, "num_users": found.num_users}

    async def _token(self, channel: str | None = None) -> str:
        return str(self.answer("token", channel))

    async def _position(self, channel: str) -> StreamPosition:
        return StreamPosition(**self.answer("state", channel))

    def value(self, data: Any) -> Any:
        return json.loads(data) if self._is_protobuf and data else data

    def told(self, publication: Any) -> Facts:
        return {
            "data": self.value(publication.data),
            "offset": publication.offset or 0,
            "tags": dict(publication.tags or {}),
            "by": None if publication.info is None else self.who(publication.info),
        }

    def who(self, info: Any) -> Facts:
        more = {"conn_info": info.conn_info, "chan_info": info.chan_info}
        told = {name: self.value(value) for name, value in more.items() if value}
        return {"client": info.client, "user": info.user, **told}

    def tell(self, event: str, side: str, channel: str, **facts: Any) -> None:
        self.happened.put_nowait({"event": event, "side": side, "channel": channel, **facts})

    def tell_subscribed(self, side: str, channel: str, ctx: Any) -> None:
        self.tell("subscribed", side, channel, recovered=ctx.recovered,
                  was_recovering=ctx.was_recovering, data=self.value(ctx.data))  # fmt: skip


class _ClientEvents(ClientEventHandler):  # type: ignore[misc]  # the SDK has no types
    def __init__(self, member: PythonMember) -> None:
        self._member = member

    async def on_connecting(self, ctx: Any) -> None:
        self._member.happened.put_nowait({"event": "connecting", "code": ctx.code})

    async def on_connected(self, ctx: Any) -> None:
        self._member.happened.put_nowait({"event": "connected", "client": ctx.client})

    async def on_disconnected(self, ctx: Any) -> None:
        self._member.happened.put_nowait({"event": "disconnected", "code": ctx.code})

    async def on_subscribed(self, ctx: Any) -> None:
        self._member.tell_subscribed("server", ctx.channel, ctx)

    async def on_unsubscribed(self, ctx: Any) -> None:
        self._member.tell("unsubscribed", "server", ctx.channel)

    async def on_publication(self, ctx: Any) -> None:
        self._member.tell("publication", "server", ctx.channel, **self._member.told(ctx.pub))

    async def on_join(self, ctx: Any) -> None:
        self._member.tell("join", "server", ctx.channel, info=self._member.who(ctx.info))

    async def on_leave(self, ctx: Any) -> None:
        self._member.tell("leave", "server", ctx.channel, info=self._member.who(ctx.info))


class _SubscriptionEvents(SubscriptionEventHandler):  # type: ignore[misc]
    def __init__(self, member: PythonMember, channel: str) -> None:
        self._member = member
        self._channel = channel

    async def on_subscribing(self, ctx: Any) -> None:
        self._member.tell("subscribing", "client", self._channel)

    async def on_subscribed(self, ctx: Any) -> None:
        self._member.tell_subscribed("client", self._channel, ctx)

    async def on_unsubscribed(self, ctx: Any) -> None:
        self._member.tell("unsubscribed", "client", self._channel, code=ctx.code)

    async def on_publication(self, ctx: Any) -> None:
        self._member.tell("publication", "client", self._channel, **self._member.told(ctx.pub))

    async def on_join(self, ctx: Any) -> None:
        self._member.tell("join", "client", self._channel, info=self._member.who(ctx.info))

    async def on_leave(self, ctx: Any) -> None:
        self._member.tell("leave", "client", self._channel, info=self._member.who(ctx.info))


@contextlib.asynccontextmanager
async def python(
    url: str, encoding: str, tokens: Tokens | None, state: State | None
) -> AsyncIterator[Member]:
    member = PythonMember(url, encoding, tokens, state)
    try:
        yield member
    finally:
        await member.client.disconnect()
        await asyncio.sleep(0.2)  # the SDK closes its sockets in the background
