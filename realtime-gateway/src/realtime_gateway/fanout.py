"""The fast path: a message from Redis becomes one WebSocket frame, written to every member.

Everything that arrives in one read of the pub/sub connection leaves in one write per member,
up to `BATCH_BYTES`: the kernel's send is nine tenths of the cost. No await, no JSON, nothing
per client.
"""

import time
from collections.abc import Callable
from typing import Final, Protocol

from realtime_gateway import frames, protocol
from realtime_gateway.hub import Channel, Hub
from realtime_gateway.stats import Stats

BATCH_BYTES: Final = 65_536
BATCH_MESSAGES: Final = 256


class Member(Protocol):
    """A connection, as far as channels are concerned."""

    @property
    def send(self) -> Callable[[bytes], None]: ...

    def lose(self, channel: str) -> None:
        """Publications of `channel` are lost for good. May leave the channel."""


class Fanout:
    def __init__(
        self, stats: Stats, *, key_of: Callable[[str], bytes], on_hole: Callable[[str], None]
    ) -> None:
        self.hub: Hub[Member] = Hub()
        self._stats = stats
        self._key_of = key_of
        self._on_hole = on_hole
        self._by_key: dict[bytes, Channel[Member]] = {}
        self._touched: dict[Channel[Member], None] = {}
        self._batch_bytes = 0
        self._published_ms = 0

    def open(self, name: str, *, is_tracked: bool) -> Channel[Member]:
        """The channel of that name; a new one is neither heard nor settled yet."""
        channel = self.hub.channels.get(name)
        if channel is None:
            channel = self.hub.open(name, is_tracked=is_tracked)
            self._by_key[self._key_of(name)] = channel
        return channel

    def take_idle(self, before: float) -> list[bytes]:
        """Forget the channels that nobody has been in since `before`; their pub/sub keys."""
        keys = [self._key_of(channel.name) for channel in self.hub.take_idle(before)]
        for key in keys:
            del self._by_key[key]
        return keys

    def receive(self, key: bytes, payload: bytes) -> None:
        """Take a live message (contracts/channel-log.md). The next `flush` delivers it."""
        channel = self._by_key.get(key)
        if channel is None:
            return
        try:
            kind, offset, epoch, ms, fragment = payload.split(b":", 4)
            if kind != b"p":
                return
            is_continuous = channel.receive(int(offset), epoch.decode(), fragment)
            self._published_ms = int(ms)
        except ValueError:
            self._stats.malformed += 1
            return
        self._stats.publications += 1
        if not is_continuous:
            self._on_hole(channel.name)
        self._touched[channel] = None
        self._batch_bytes += len(payload)
        if self._batch_bytes > BATCH_BYTES or len(channel.fresh) >= BATCH_MESSAGES:
            self.flush()

    def flush(self) -> None:
        """Deliver what has been received."""
        if not self._touched:
            return
        touched, self._touched = self._touched, {}
        self._batch_bytes = 0
        self._stats.lag_seconds = time.time() - self._published_ms / 1000
        if len(touched) == 1:
            self.deliver(next(iter(touched)))
        else:
            self._deliver_all(touched)

    def deliver(self, channel: Channel[Member]) -> None:
        """Send the channel's fresh publications to its members, now."""
        if batch := self._take_batch(channel):
            for member in channel.members:
                member.send(batch)

    def _deliver_all(self, channels: dict[Channel[Member], None]) -> None:
        outbox: dict[Member, bytes] = {}
        for channel in channels:
            if batch := self._take_batch(channel):
                for member in channel.members:
                    waiting = outbox.get(member)
                    outbox[member] = batch if waiting is None else waiting + batch
        for member, batch in outbox.items():
            member.send(batch)

    def _take_batch(self, channel: Channel[Member]) -> bytes:
        fresh = channel.take_fresh()
        if not fresh or not channel.members:
            return b""
        head, epoch = channel.head, channel.epoch
        self._stats.deliveries += len(fresh) * len(channel.members)
        return b"".join(
            [frames.text(protocol.push(head, offset, epoch, data)) for offset, data in fresh]
        )
