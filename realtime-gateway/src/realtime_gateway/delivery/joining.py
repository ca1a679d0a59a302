"""How connections become members of channels.

What can be decided from memory is decided without waiting; so a client that subscribes to a
channel which this node already follows costs Redis nothing, not even when it recovers. What is
answered is true at the moment of entering: nothing is awaited between the two.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from service_kit.channel_log import ChannelLog

from realtime_gateway.config.options import ClientOptions
from realtime_gateway.delivery.channel import UNSURE, Channel, Memory
from realtime_gateway.delivery.fanout import Fanout, Member
from realtime_gateway.delivery.feed import Feed
from realtime_gateway.delivery.stats import Stats
from realtime_gateway.protocol import codes
from realtime_gateway.protocol.codes import Error
from realtime_gateway.protocol.position import StreamPosition
from realtime_gateway.protocol.wire import Entry
from realtime_gateway.sessions.effects import Join, Joined

JOIN_ATTEMPTS: Final = 5

Read = tuple[StreamPosition, list[Entry]]


class Joining:
    """Makes connections members of channels, with what they have missed."""

    def __init__(
        self,
        fanout: Fanout,
        feed: Feed,
        channel_log: ChannelLog,
        stats: Stats,
        options: ClientOptions,
    ) -> None:
        self._fanout = fanout
        self._feed = feed
        self._log = channel_log
        self._stats = stats
        self._cap = options.recovery_max_publication_limit
        # A reply must leave room in the client's buffer, or it would be cut off as slow.
        self._most_bytes = options.queue_max_size // 2

    def now(self, member: Member, joins: Sequence[Join]) -> list[Joined] | Error | None:
        """Enter all the channels; None, and none entered, if that has to be waited for."""
        if not self._feed.is_connected:
            return codes.INTERNAL
        found = self._known(joins, {})
        return None if found is None else self._enter(member, joins, found, from_memory=True)

    async def later(self, member: Member, joins: Sequence[Join]) -> list[Joined] | Error:
        """Enter all the channels, or none of them."""
        channels = [
            self._fanout.open(join.channel, is_tracked=join.options.has_history)
            for join in joins
        ]
        for channel in channels:
            channel.joining += 1
        try:
            for _ in range(JOIN_ATTEMPTS):
                reads = await asyncio.gather(*(self._prepare(join) for join in joins))
                found = self._known(joins, {read[0]: read[1] for read in reads if read})
                if member.is_over:
                    break  # while it waited; nobody would have it leave again
                if found is not None:
                    return self._enter(member, joins, found)
            return codes.INTERNAL
        finally:
            for channel in channels:
                channel.joining -= 1
                if not channel.members:
                    channel.idle_since = time.monotonic()

    def fits(self, entries: list[Entry]) -> bool:
        """Whether so much can be answered at once."""
        return sum(len(fragment) for _, fragment in entries) <= self._most_bytes

    async def _prepare(self, join: Join) -> tuple[str, Read] | None:
        """Have the channel settled; what the history says, if it has to be asked."""
        channel = await self._feed.settled(join.channel, is_tracked=join.options.has_history)
        since = join.since
        if since is None or self._remembered(channel, join, since) is not UNSURE:
            return None
        if join.options.recovers_last:
            top, entries = await self._log.read(join.channel, None, 1, reverse=True)
        else:
            top, entries = await self._log.read(join.channel, since, self._cap + 1)
        return join.channel, (StreamPosition(*top), entries)

    def _known(
        self, joins: Sequence[Join], reads: dict[str, Read]
    ) -> list[list[Entry] | None] | None:
        """What each one has missed; None if not all of that can be said."""
        found = []
        for join in joins:
            channel = self._fanout.hub.channels.get(join.channel)
            if channel is None or not channel.is_settled:
                return None
            missed = self._missed(channel, join, reads.get(join.channel))
            if isinstance(missed, Memory):
                return None
            found.append(missed)
        return found

    def _missed(
        self, channel: Channel[Member], join: Join, read: Read | None
    ) -> list[Entry] | Memory | None:
        if join.since is None:
            return None
        missed = self._remembered(channel, join, join.since)
        if missed is not UNSURE or read is None:
            return missed
        if join.options.recovers_last:
            missed = channel.last_from(*read)
        else:
            missed = channel.recover_from(join.since, self._most(join), *read)
        if isinstance(missed, list):
            channel.read_at = time.monotonic()
        if missed is UNSURE:
            # The history is ahead of what this node has heard, which has to catch up first.
            channel.unsettle()
        return missed

    def _remembered(
        self, channel: Channel[Member], join: Join, since: StreamPosition
    ) -> list[Entry] | Memory | None:
        """What memory says, as far as the history would say the same.

        What is older than it keeps, or more than it keeps, is not recovered from here,
        either.
        """
        if join.options.recovers_last:
            found = channel.last(since)
        else:
            found = channel.recover(since, self._most(join))
        if isinstance(found, list) and found:
            is_kept = channel.is_kept(time.monotonic(), join.options.history_ttl)
            return found if is_kept else UNSURE
        return found

    def _most(self, join: Join) -> int:
        return min(self._cap, join.options.history_size)

    def _enter(
        self,
        member: Member,
        joins: Sequence[Join],
        found: list[list[Entry] | None],
        *,
        from_memory: bool = False,
    ) -> list[Joined] | Error:
        missed = [each if each is None or self.fits(each) else None for each in found]
        for join, each in zip(joins, missed, strict=True):
            if join.since is not None:
                self._stats.from_memory += from_memory
                self._stats.recovered += each is not None
                self._stats.recovered_publications += len(each or ())
                self._stats.unrecovered += each is None
                if each is None and join.rejects_unrecovered:
                    return codes.UNRECOVERABLE_POSITION
        joined = []
        for join, each in zip(joins, missed, strict=True):
            channel = self._fanout.hub.channels[join.channel]
            channel.members[member] = None
            joined.append(Joined(channel.offset, channel.epoch, each))
        return joined
