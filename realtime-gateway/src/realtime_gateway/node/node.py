"""One gateway node: the effects of sessions, and control commands for its connections.

What can be answered from memory is answered without waiting.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, Final, Protocol

from redis.exceptions import RedisError
from service_kit.channel_log import ChannelLog, HistoryOptions, Position

from realtime_gateway.config.options import ChannelOptions, Options
from realtime_gateway.delivery.fanout import Fanout, Member
from realtime_gateway.delivery.feed import Unavailable
from realtime_gateway.delivery.joining import Joining
from realtime_gateway.delivery.stats import Stats
from realtime_gateway.engine.presence import Presence
from realtime_gateway.node.tokens import TokenVerifier
from realtime_gateway.node.users import Users
from realtime_gateway.protocol import codes
from realtime_gateway.protocol.codes import Close, Error
from realtime_gateway.sessions.claims import ConnectionClaims, SubscriptionClaims, TokenError
from realtime_gateway.sessions.control_commands import ControlCommand, Disconnect
from realtime_gateway.sessions.effects import (
    Admit,
    Appear,
    Append,
    Dismiss,
    Effect,
    HistoryPage,
    Join,
    JoinAll,
    Joined,
    Leave,
    Read,
    ReadPresence,
    VerifyConnection,
    VerifySubscription,
)
from realtime_gateway.sessions.rules import Rules

EFFECT_TIMEOUT: Final = 4.0
"""Less than the 5 s after which clients give a command up."""

log = logging.getLogger("gateway.node")

Reply = (
    ConnectionClaims | SubscriptionClaims | TokenError | Joined | list[Joined] | HistoryPage
    | dict[str, Any] | Close | Error | None
)  # fmt: skip


class Connected(Member, Protocol):
    """A connection, as far as the node is concerned."""

    @property
    def user(self) -> str:
        """The user's id; empty for an anonymous client."""

    def is_meant(self, command: ControlCommand) -> bool:
        """Whether the control command concerns this connection."""

    def apply(self, command: ControlCommand) -> None:
        """Do it after what the client waits for."""


class Later:
    """The answer has to be waited for: call `answer_later`."""


LATER: Final = Later()


class Node:
    """Performs what sessions yield, and applies control commands to its connections."""

    def __init__(
        self,
        options: Options,
        *,
        rules: Rules,
        fanout: Fanout,
        joining: Joining,
        presence: Presence,
        channel_log: ChannelLog,
        connection_tokens: TokenVerifier,
        subscription_tokens: TokenVerifier,
        stats: Stats,
        broadcast_soon: Callable[[ControlCommand], None],
    ) -> None:
        self.options = options
        self.rules = rules
        self.stats = stats
        self.fanout = fanout
        self.users: Users[Connected] = Users()
        self.presence = presence
        self._joining = joining
        self._log = channel_log
        self._connection_tokens = connection_tokens
        self._subscription_tokens = subscription_tokens
        self._broadcast_soon = broadcast_soon

    def answer(self, member: Connected, effect: Effect) -> Reply | Later:
        """The answer, if it is known here and now."""
        match effect:
            case VerifyConnection():
                claims = self._connection_tokens.connection_now(effect.token)
                return LATER if claims is None else claims
            case VerifySubscription():
                about = self._subscription_tokens.subscription_now(effect.token)
                return LATER if about is None else about
            case Join() | JoinAll():
                found = self._joining.now(member, _joins(effect))
                return LATER if found is None else _only(effect, found)
            case Admit():
                most = self.options.client.user_connection_limit
                is_one = self.users.add(member, effect.user, limit=most)
                return None if is_one else codes.CONNECTION_LIMIT
            case Dismiss():
                self._dismiss(effect)
                return None
            case Appear():
                self.presence.appear(effect.channel, effect.appearance)
                if effect.appearance.is_announced:
                    self.fanout.announce(effect.channel, "join", effect.appearance.info)
                return None
            case Leave():
                self.leave(member, effect)
                return None
            case _:
                return LATER

    async def answer_later(self, member: Connected, effect: Effect) -> Reply:
        """The answer, or an error that clients try again after."""
        try:
            async with asyncio.timeout(EFFECT_TIMEOUT):
                return await self._perform(member, effect)
        except (Unavailable, RedisError, OSError, TimeoutError) as error:
            log.info(
                "%s failed: %s: %s", type(effect).__name__.lower(), type(error).__name__, error
            )
            return codes.INTERNAL

    def leave(self, member: Connected, leave: Leave) -> None:
        """Take the connection out of a channel, and let the others know if they are told."""
        self.fanout.hub.leave(leave.channel, member, time.monotonic())
        if leave.appearance is not None:
            self.presence.vanish(leave.channel, leave.appearance)
            if leave.appearance.is_announced:
                self.fanout.announce(leave.channel, "leave", leave.appearance.info)

    def apply(self, command: ControlCommand) -> None:
        """Apply a control command to the connections of this node that it concerns."""
        for connection in self.users.of(command.user):
            if connection.is_meant(command):
                try:
                    connection.apply(command)
                except Exception as error:  # noqa: BLE001 - the others get it, too
                    connection.fail(error)

    async def publish(
        self,
        channel: str,
        options: ChannelOptions,
        fragment: bytes,
        *,
        skip_history: bool = False,
        idempotency_key: str | None = None,
    ) -> Position:
        """Append to the channel's log and send it to all nodes.

        Errors of redis-py pass through.
        """
        history = None if skip_history else self.history_of(options)
        return await self._log.publish(channel, fragment, history, idempotency_key)

    async def read(self, effect: Read) -> HistoryPage | Error:
        """A page of a channel's history, or why there is none."""
        since = effect.since
        top, entries = await self._log.read(effect.channel, since, effect.limit, effect.reverse)
        if since is not None and since.epoch not in ("", top.epoch):
            return codes.UNRECOVERABLE_POSITION
        if not self._joining.fits(entries):
            return codes.LIMIT_EXCEEDED
        return HistoryPage(top.offset, top.epoch, entries)

    async def remove_history(self, channel: str) -> None:
        """Delete the publications of a channel in Redis."""
        await self._log.remove(channel)

    def forget_history(self, channel: str) -> None:
        """What is remembered of it here goes; followers go on from where they are."""
        if (followed := self.fanout.hub.channels.get(channel)) is not None:
            followed.forget()

    def count_channels(self, pattern: str) -> dict[str, int]:
        """The clients of this node in each of its channels."""
        return {
            name: len(channel.members)
            for name, channel in self.fanout.hub.channels.items()
            if channel.members and (not pattern or fnmatchcase(name, pattern))
        }

    def history_of(self, options: ChannelOptions) -> HistoryOptions | None:
        """What the log keeps of a channel with these options; None if nothing."""
        if not options.has_history:
            return None
        meta_ttl = options.history_meta_ttl or self.options.channel.history_meta_ttl
        seconds = max(1, round(options.history_ttl))
        return HistoryOptions(options.history_size, seconds, max(1, round(meta_ttl)))

    def _dismiss(self, effect: Dismiss) -> None:
        why, stays = codes.CONNECTION_LIMIT, (effect.client,)
        command = Disconnect(
            user=effect.user, code=why.code, reason=why.reason, whitelist=stays
        )
        self._broadcast_soon(command)

    async def _perform(self, member: Connected, effect: Effect) -> Reply:
        match effect:
            case VerifyConnection():
                return await self._connection_tokens.connection(effect.token)
            case VerifySubscription():
                return await self._subscription_tokens.subscription(effect.token)
            case Join() | JoinAll():
                return _only(effect, await self._joining.later(member, _joins(effect)))
            case Append():
                await self.publish(effect.channel, effect.options, effect.fragment)
                return None
            case Read():
                return await self.read(effect)
            case ReadPresence():
                return await self.presence.read(effect.channel)
            case Admit() | Dismiss() | Appear() | Leave():
                return None


def _joins(effect: Join | JoinAll) -> tuple[Join, ...]:
    return effect.joins if isinstance(effect, JoinAll) else (effect,)


def _only(effect: Join | JoinAll, found: list[Joined] | Error) -> Reply:
    return found[0] if isinstance(effect, Join) and isinstance(found, list) else found
