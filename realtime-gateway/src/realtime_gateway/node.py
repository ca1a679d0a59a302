"""One gateway node: answers what sessions ask, wakes them in time, and says goodbye to all of
them.

What can be answered from memory is answered without waiting; so a client that subscribes to a
channel which this node already follows costs Redis nothing, not even when it recovers.
"""

import asyncio
import logging
import time
from typing import Final

from redis.exceptions import RedisError
from service_kit.channel_log import ChannelLog, HistoryOptions, Position

from realtime_gateway import codes
from realtime_gateway.asks import (
    Append,
    Ask,
    HistoryPage,
    Join,
    Joined,
    Leave,
    Read,
    VerifyConnection,
    VerifySubscription,
)
from realtime_gateway.claims import ConnectionClaims, Refusal, SubscriptionClaims
from realtime_gateway.codes import Error
from realtime_gateway.fanout import Fanout, Member
from realtime_gateway.feed import Feed, Unavailable
from realtime_gateway.hub import UNSURE, Channel, Memory, Top
from realtime_gateway.options import ChannelOptions, Options
from realtime_gateway.protocol import Entry
from realtime_gateway.rules import Rules
from realtime_gateway.stats import Stats
from realtime_gateway.tokens import TokenVerifier

ASK_TIMEOUT: Final = 4.0
"""Less than the 5 s after which clients give a command up."""
JOIN_ATTEMPTS: Final = 5

log = logging.getLogger("gateway.node")

Reply = ConnectionClaims | SubscriptionClaims | Refusal | Joined | HistoryPage | Error | None


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
        feed: Feed,
        channel_log: ChannelLog,
        connection_tokens: TokenVerifier,
        subscription_tokens: TokenVerifier,
        stats: Stats,
    ) -> None:
        self.options = options
        self.rules = rules
        self.stats = stats
        self.fanout = fanout
        self._feed = feed
        self._log = channel_log
        self._connection_tokens = connection_tokens
        self._subscription_tokens = subscription_tokens

    def answer(self, member: Member, ask: Ask) -> Reply | Later:
        """The answer, if it is known here and now."""
        match ask:
            case VerifyConnection():
                claims = self._connection_tokens.connection_now(ask.token)
                return LATER if claims is None else claims
            case VerifySubscription():
                about = self._subscription_tokens.subscription_now(ask.token)
                return LATER if about is None else about
            case Join():
                return self._join_now(member, ask)
            case Leave():
                self.leave(member, ask.channel)
                return None
            case _:
                return LATER

    async def answer_later(self, member: Member, ask: Ask) -> Reply:
        """The answer, or an error that clients try again after."""
        try:
            async with asyncio.timeout(ASK_TIMEOUT):
                return await self._ask(member, ask)
        except (Unavailable, RedisError, OSError, TimeoutError) as error:
            log.info("%s failed: %s", type(ask).__name__.lower(), type(error).__name__)
            return codes.INTERNAL

    def leave(self, member: Member, channel: str) -> None:
        self.fanout.hub.leave(channel, member, time.monotonic())

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
        if self._is_too_large(entries):
            return codes.LIMIT_EXCEEDED
        return HistoryPage(top.offset, top.epoch, entries)

    def history_of(self, options: ChannelOptions) -> HistoryOptions | None:
        if not options.has_history:
            return None
        meta_ttl = options.history_meta_ttl or self.options.channel.history_meta_ttl
        seconds = max(1, round(options.history_ttl))
        return HistoryOptions(options.history_size, seconds, max(1, round(meta_ttl)))

    async def _ask(self, member: Member, ask: Ask) -> Reply:
        match ask:
            case VerifyConnection():
                return await self._connection_tokens.connection(ask.token)
            case VerifySubscription():
                return await self._subscription_tokens.subscription(ask.token)
            case Join():
                return await self._join(member, ask)
            case Append():
                await self.publish(ask.channel, ask.options, ask.fragment)
                return None
            case Read():
                return await self.read(ask)
            case Leave():
                return None

    def _join_now(self, member: Member, ask: Join) -> Joined | Error | Later:
        channel = self.fanout.hub.channels.get(ask.channel)
        if not self._feed.is_connected:
            return codes.INTERNAL
        if channel is None or not channel.is_settled:
            return LATER
        if ask.since is None:
            return self._enter(member, channel, ask, None)
        missed = channel.recover(ask.since, self._recovery_cap)
        if isinstance(missed, Memory):
            return LATER
        self.stats.from_memory += 1
        return self._enter(member, channel, ask, missed)

    async def _join(self, member: Member, ask: Join) -> Joined | Error:
        """Everything that is decided after the last await is true when the reply is written."""
        channel = self.fanout.open(ask.channel, is_tracked=ask.options.has_history)
        channel.joining += 1
        try:
            for _ in range(JOIN_ATTEMPTS):
                await self._feed.settled(ask.channel, is_tracked=channel.is_tracked)
                missed = await self._missed(channel, ask)
                if not isinstance(missed, Memory) and channel.is_settled:
                    return self._enter(member, channel, ask, missed)
            return codes.INTERNAL
        finally:
            channel.joining -= 1
            if not channel.members:
                channel.idle_since = time.monotonic()

    async def _missed(self, channel: Channel[Member], ask: Join) -> list[Entry] | Memory | None:
        since = ask.since
        if since is None:
            return None
        cap = self._recovery_cap
        missed = channel.recover(since, cap)
        if missed is not UNSURE:
            return missed
        position = Position(since.offset, since.epoch)
        top, entries = await self._log.read(ask.channel, position, cap + 1)
        missed = channel.recover_from(since, cap, Top(top.offset, top.epoch), entries)
        if missed is UNSURE:
            # The history is ahead of what this node has heard, which has to catch up first.
            channel.is_settled = False
        return missed

    def _enter(
        self, member: Member, channel: Channel[Member], ask: Join, missed: list[Entry] | None
    ) -> Joined | Error:
        if missed is not None and self._is_too_large(missed):
            missed = None
        if ask.since is not None:
            if missed is None:
                self.stats.unrecovered += 1
                if ask.rejects_unrecovered:
                    return codes.UNRECOVERABLE_POSITION
            else:
                self.stats.recovered += 1
        channel.members[member] = None
        return Joined(channel.offset, channel.epoch, missed)

    @property
    def _recovery_cap(self) -> int:
        return self.options.client.recovery_max_publication_limit

    def _is_too_large(self, entries: list[Entry]) -> bool:
        # A reply must leave room in the client's buffer, or it would be cut off as slow.
        limit = self.options.client.queue_max_size // 2
        return sum(len(fragment) for _, fragment in entries) > limit
