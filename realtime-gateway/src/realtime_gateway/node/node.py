"""One gateway node: answers what sessions ask, from memory and without waiting where it can,
and has its connections do what the server wants.
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
from realtime_gateway.sessions.asks import (
    Admit,
    Appear,
    Append,
    Ask,
    Dismiss,
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
from realtime_gateway.sessions.claims import ConnectionClaims, Refusal, SubscriptionClaims
from realtime_gateway.sessions.orders import Disconnect, Order
from realtime_gateway.sessions.rules import Rules

ASK_TIMEOUT: Final = 4.0
"""Less than the 5 s after which clients give a command up."""

log = logging.getLogger("gateway.node")

Reply = (
    ConnectionClaims | SubscriptionClaims | Refusal | Joined | list[Joined] | HistoryPage
    | dict[str, Any] | Close | Error | None
)  # fmt: skip


class Connected(Member, Protocol):
    """A connection, as far as the node is concerned."""

    @property
    def user(self) -> str: ...

    def is_meant(self, order: Order) -> bool: ...

    def obey(self, order: Order) -> None:
        """Do it after what the client waits for."""


class Later:
    """The answer has to be waited for: ask `answer_later`."""


LATER: Final = Later()


class Node:
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
        give_soon: Callable[[Order], None],
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
        self._give_soon = give_soon

    def answer(self, member: Connected, ask: Ask) -> Reply | Later:
        """The answer, if it is known here and now."""
        match ask:
            case VerifyConnection():
                claims = self._connection_tokens.connection_now(ask.token)
                return LATER if claims is None else claims
            case VerifySubscription():
                about = self._subscription_tokens.subscription_now(ask.token)
                return LATER if about is None else about
            case Join() | JoinAll():
                found = self._joining.now(member, _joins(ask))
                return LATER if found is None else _only(ask, found)
            case Admit():
                most = self.options.client.user_connection_limit
                is_one = self.users.add(member, ask.user, limit=most)
                return None if is_one else codes.CONNECTION_LIMIT
            case Dismiss():
                self._dismiss(ask)
                return None
            case Appear():
                self.presence.appear(ask.channel, ask.appearance)
                if ask.appearance.is_announced:
                    self.fanout.announce(ask.channel, "join", ask.appearance.info)
                return None
            case Leave():
                self.leave(member, ask)
                return None
            case _:
                return LATER

    async def answer_later(self, member: Connected, ask: Ask) -> Reply:
        """The answer, or an error that clients try again after."""
        try:
            async with asyncio.timeout(ASK_TIMEOUT):
                return await self._ask(member, ask)
        except (Unavailable, RedisError, OSError, TimeoutError) as error:
            log.info(
                "%s failed: %s: %s", type(ask).__name__.lower(), type(error).__name__, error
            )
            return codes.INTERNAL

    def leave(self, member: Connected, leave: Leave) -> None:
        self.fanout.hub.leave(leave.channel, member, time.monotonic())
        if leave.appearance is not None:
            self.presence.vanish(leave.channel, leave.appearance)
            if leave.appearance.is_announced:
                self.fanout.announce(leave.channel, "leave", leave.appearance.info)

    def obey(self, order: Order) -> None:
        """Have the connections of this node that are meant do it."""
        for connection in self.users.of(order.user):
            if connection.is_meant(order):
                try:
                    connection.obey(order)
                except Exception as error:  # noqa: BLE001 - the others have to obey, too
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
        history = None if skip_history else self.history_of(options)
        return await self._log.publish(channel, fragment, history, idempotency_key)

    async def read(self, ask: Read) -> HistoryPage | Error:
        since = None if ask.since is None else Position(ask.since.offset, ask.since.epoch)
        top, entries = await self._log.read(ask.channel, since, ask.limit, ask.reverse)
        if since is not None and since.epoch not in ("", top.epoch):
            return codes.UNRECOVERABLE_POSITION
        if not self._joining.fits(entries):
            return codes.LIMIT_EXCEEDED
        return HistoryPage(top.offset, top.epoch, entries)

    async def remove_history(self, channel: str) -> None:
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
        if not options.has_history:
            return None
        meta_ttl = options.history_meta_ttl or self.options.channel.history_meta_ttl
        seconds = max(1, round(options.history_ttl))
        return HistoryOptions(options.history_size, seconds, max(1, round(meta_ttl)))

    def _dismiss(self, ask: Dismiss) -> None:
        why, stays = codes.CONNECTION_LIMIT, (ask.client,)
        order = Disconnect(user=ask.user, code=why.code, reason=why.reason, whitelist=stays)
        self._give_soon(order)

    async def _ask(self, member: Connected, ask: Ask) -> Reply:
        match ask:
            case VerifyConnection():
                return await self._connection_tokens.connection(ask.token)
            case VerifySubscription():
                return await self._subscription_tokens.subscription(ask.token)
            case Join() | JoinAll():
                return _only(ask, await self._joining.later(member, _joins(ask)))
            case Append():
                await self.publish(ask.channel, ask.options, ask.fragment)
                return None
            case Read():
                return await self.read(ask)
            case ReadPresence():
                return await self.presence.read(ask.channel)
            case Admit() | Dismiss() | Appear() | Leave():
                return None


def _joins(ask: Join | JoinAll) -> tuple[Join, ...]:
    return ask.joins if isinstance(ask, JoinAll) else (ask,)


def _only(ask: Join | JoinAll, found: list[Joined] | Error) -> Reply:
    return found[0] if isinstance(ask, Join) and isinstance(found, list) else found
