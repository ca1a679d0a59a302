"""Keeps the followed channels complete, whatever Redis pub/sub loses.

What was missed is read from the history and delivered to every member in order; what the
history has lost as well is told to the members, so that they reload. A channel is looked
after when a gap shows, when Redis comes back, and when it has been quiet for long.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Coroutine, Sequence
from typing import Any, Final

from redis.exceptions import RedisClusterException, RedisError
from service_kit.channel_log import ALL, UNPUBLISHED_TTL_SECONDS
from service_kit.logs import area
from service_kit.tasks import end

from realtime_gateway.delivery.channel import Channel
from realtime_gateway.delivery.fanout import Fanout, Member, apart
from realtime_gateway.delivery.stats import Stats
from realtime_gateway.engine.bus import NotConnected, PubSub
from realtime_gateway.engine.log import Log
from realtime_gateway.protocol.position import StreamPosition
from realtime_gateway.protocol.wire import Entry

IDLE_SECONDS: Final = 1.0
"""How long an empty channel is still followed: a page that reloads finds it warm."""
MAINTAIN_SECONDS: Final = 0.5
COMPARE_BATCH: Final = 512
LONGEST_CHECK_DELAY: Final = UNPUBLISHED_TTL_SECONDS * 2 / 3
"""Comparing renews positions, which would else be forgotten while somebody is there."""

log = logging.getLogger("gateway.feed")
trace = area("gateway:channels")


class Unavailable(Exception):
    """The channel cannot be followed now: Redis, or the way there, is away."""


class Feed:
    """Settles channels: has them heard, and reads from the history what was missed."""

    def __init__(
        self,
        fanout: Fanout,
        bus: PubSub,
        channel_log: Log,
        stats: Stats,
        *,
        check_delay: float,
        catch_up_bytes: int,
    ) -> None:
        self._fanout = fanout
        self._bus = bus
        self._log = channel_log
        self._stats = stats
        self._check_delay = min(check_delay, LONGEST_CHECK_DELAY)
        self._catch_up_bytes = catch_up_bytes
        self._settling: dict[Channel[Member], asyncio.Task[None]] = {}
        self._comparing: set[asyncio.Task[None]] = set()

    @property
    def is_connected(self) -> bool:
        """Whether live messages come in at all."""
        return self._bus.is_connected

    async def settled(self, name: str, *, is_tracked: bool) -> Channel[Member]:
        """The channel, heard and complete up to its position; Unavailable if it cannot be had.

        The caller holds `joining`, or the channel may be swept away meanwhile.
        """
        channel = self._fanout.open(name, is_tracked=is_tracked)
        if not channel.is_settled:
            await asyncio.shield(self._settle_soon(channel))
        if not channel.is_settled:
            raise Unavailable
        return channel

    def on_gap(self, name: str) -> None:
        """Note that a publication is missing in the channel, and settle it."""
        self._stats.gaps += 1
        trace.debug("%s has a gap", name)
        self._settle_soon(self._fanout.hub.channels[name])

    def on_interrupted(self, keys: Collection[bytes]) -> None:
        """Unsettle the channels behind these keys: their messages may be missed now."""
        for channel in self._fanout.channels(keys):
            channel.unsettle()

    def on_resumed(self, keys: Collection[bytes]) -> None:
        """Compare these channels with their history; most will have missed nothing."""
        self._stats.pub_sub_connects += 1
        self._compare_soon([each for each in self._fanout.channels(keys) if each.members])

    async def run(self) -> None:
        """Maintain the channels until cancelled."""
        while True:
            await asyncio.sleep(MAINTAIN_SECONDS)
            self.maintain(time.monotonic())

    def maintain(self, now: float) -> None:
        """Called now and then: let idle channels go, look after quiet and unsettled ones."""
        idle = self._fanout.take_idle(before=now - IDLE_SECONDS)
        if idle:
            self._bus.unfollow(idle)
        if not self.is_connected or self._comparing:
            return
        self._compare_soon(
            [each for each in self._fanout.hub.channels.values() if self._is_due(each, now)]
        )

    def _is_due(self, channel: Channel[Member], now: float) -> bool:
        if not channel.members:
            return False
        checked_at = channel.checked_at
        is_known = checked_at is not None and now - checked_at < self._check_delay
        if channel.is_settled and is_known:
            return False
        channel.checked_at = now
        # A settled channel that is new has been compared as it was joined.
        return not channel.is_settled or checked_at is not None

    async def stop(self) -> None:
        """End the reads that are still running."""
        await end([*self._settling.values(), *self._comparing])

    def _settle_soon(self, channel: Channel[Member]) -> asyncio.Task[None]:
        task = self._settling.get(channel)
        if task is None:
            task = self._settling[channel] = asyncio.create_task(self._settle(channel))
            task.add_done_callback(lambda _: self._settling.pop(channel, None))
        return task

    async def _settle(self, channel: Channel[Member]) -> None:
        """Read from the channel's position on until it has no gap.

        Gives up silently: `maintain` starts again, and whoever waits sees that the channel is
        not settled.
        """
        try:
            await self._bus.follow(key := self._key_of(channel))
            while not channel.is_settled and self._bus.hears(key):
                await self._read_on(channel)
        except (NotConnected, RedisError, OSError, TimeoutError) as error:
            trace.debug("%s not settled: %s", channel.name, type(error).__name__)

    async def _read_on(self, channel: Channel[Member]) -> None:
        if not channel.is_tracked:
            self._apply(channel, StreamPosition(0, ""), [])
            return
        # From one before the position on: what stands at it has to be what was delivered.
        known = (
            StreamPosition(max(0, channel.offset - 1), channel.epoch) if channel.epoch else None
        )
        generation = self._bus.generation
        read, entries = await self._log.read(channel.name, known, ALL if known else 0)
        if generation != self._bus.generation:
            return
        top = StreamPosition(*read)
        if channel.is_contradicted_by(top, entries):
            log.warning("channel %s has another past after a failover", channel.name)
            await self._log.renew_epoch(channel.name, top.epoch)
            return
        newer = [entry for entry in entries if entry[0] > channel.offset]
        if sum(len(fragment) for _, fragment in newer) > self._catch_up_bytes:
            # Delivered at once it would overflow the members' buffers: they had better reload.
            newer = []
        self._apply(channel, top, newer)

    def _apply(
        self, channel: Channel[Member], top: StreamPosition, entries: Sequence[Entry]
    ) -> None:
        if not channel.settle(top, entries):
            self._stats.lost += 1
            log.warning("channel %s lost publications: members recover", channel.name)
            # First of all: what was held back follows on the new position, not on theirs.
            apart(channel.members, lambda member: member.on_lost(channel.name))
        if entries:
            channel.read_at = time.monotonic()
        self._fanout.deliver(channel)

    def _compare_soon(self, channels: list[Channel[Member]]) -> None:
        if channels:
            self._spawn(self._compare(channels))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._comparing.add(task)
        task.add_done_callback(self._comparing.discard)

    async def _compare(self, channels: list[Channel[Member]]) -> None:
        """Settle the channels that are not at their history's top, the others at no cost."""
        tracked = [channel for channel in channels if channel.is_tracked]
        for channel in channels:
            if not channel.is_tracked and not channel.is_settled:
                self._settle_soon(channel)
        for start in range(0, len(tracked), COMPARE_BATCH):
            batch = tracked[start : start + COMPARE_BATCH]
            generation = self._bus.generation
            try:
                tops, lasts = await self._looked_up(batch)
            except (RedisError, RedisClusterException, OSError, RuntimeError) as error:
                trace.debug("positions not compared: %s", type(error).__name__)
                return
            if generation != self._bus.generation:
                return  # interrupted meanwhile: what was read says nothing any more
            for channel, top, last in zip(batch, tops, lasts, strict=True):
                self._compare_one(channel, top, last)

    async def _looked_up(
        self, channels: list[Channel[Member]]
    ) -> tuple[list[StreamPosition | None], Sequence[Entry | None]]:
        """The tops of channels, and if they were interrupted the last publications, too.

        Another server may have taken the old one's place.
        """
        names = [channel.name for channel in channels]
        await self._log.renew(names)
        found = await self._log.tops(names)
        tops = [top and StreamPosition(*top) for top in found]
        if all(channel.is_settled for channel in channels):
            return tops, [None] * len(names)
        return tops, await self._log.lasts(names)

    def _compare_one(
        self, channel: Channel[Member], top: StreamPosition | None, last: Entry | None
    ) -> None:
        is_heard = self._bus.hears(self._key_of(channel))
        is_known = last is None or channel.agrees_with(last)
        position = StreamPosition(channel.offset, channel.epoch)
        if is_heard and is_known and top is not None and top == position:
            if not channel.is_settled:
                self._apply(channel, top, [])
        else:
            # Perhaps it is only on its way; a read from the position on settles that, too.
            channel.unsettle()
            self._settle_soon(channel)

    def _key_of(self, channel: Channel[Member]) -> bytes:
        return self._log.pubsub_channel(channel.name).encode()
