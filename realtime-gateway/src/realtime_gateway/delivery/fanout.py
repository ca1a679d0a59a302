"""The fast path from a message of Redis to every member of its channel.

A publication becomes one frame in each encoding that a member speaks. Everything that arrives
in one read of the pub/sub connection leaves in one write per member, up to `BATCH_BYTES`: the
kernel's send is nine tenths of the cost. No await, no JSON, nothing per client.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from service_kit.channel_log import is_fragment

from realtime_gateway.delivery.channel import Channel
from realtime_gateway.delivery.hub import Hub
from realtime_gateway.delivery.stats import Stats
from realtime_gateway.protocol import wire
from realtime_gateway.protocol.encodings import Encoding
from realtime_gateway.protocol.wire import Entry

BATCH_BYTES: Final = 65_536
BATCH_MESSAGES: Final = 256
MAX_OFFSET: Final = (1 << 63) - 1

_CHANGES: Final = {b"j": "join", b"l": "leave"}


class Member(Protocol):
    """A connection, as far as channels are concerned. What it raises is its own trouble."""

    @property
    def is_over(self) -> bool:
        """Whether it is gone: it must not be put into a channel any more."""

    @property
    def send(self) -> Callable[[bytes], None]:
        """Write bytes to the client, without waiting."""

    @property
    def encoding(self) -> Encoding:
        """How publications are written for this client."""

    def hears_joins(self, channel: str) -> bool:
        """Whether it is told who comes into `channel` and leaves it."""

    def on_lost(self, channel: str) -> None:
        """Publications of `channel` are lost for good. May leave the channel."""

    def fail(self, error: Exception) -> None:
        """It has raised this: leave everything, and go. Must not raise."""


def apart(members: Iterable[Member], act: Callable[[Member], None]) -> None:
    """Have each of them do it, whatever another one raises."""
    for member in list(members):
        try:
            act(member)
        except Exception as error:  # noqa: BLE001 - told to whose it is
            member.fail(error)


class Fanout:
    """Delivers live publications to the members of their channels."""

    def __init__(
        self,
        stats: Stats,
        *,
        key_of: Callable[[str], bytes],
        on_gap: Callable[[str], None],
        on_other: Callable[[bytes, bytes], None],
        origin: bytes = b"-",
    ) -> None:
        """`on_other` takes the messages that belong to no channel.

        What this node itself says under `origin` of comings and goings has been told
        here when it happened.
        """
        self.hub: Hub[Member] = Hub()
        self._stats = stats
        self._key_of = key_of
        self._on_hole = on_gap
        self._on_other = on_other
        self._origin = origin
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

    def channels(self, keys: Iterable[bytes]) -> list[Channel[Member]]:
        """The channels behind these pub/sub keys."""
        return [channel for key in keys if (channel := self._by_key.get(key)) is not None]

    def receive(self, key: bytes, payload: bytes) -> None:
        """Take a live message (contracts/channel-log.md). The next `flush` delivers it."""
        channel = self._by_key.get(key)
        if channel is None:
            self._on_other(key, payload)
            return
        try:
            kind, offset, epoch, ms, fragment = payload.split(b":", 4)
            if kind != b"p":
                if epoch != self._origin:
                    self._hear(channel, kind, fragment)
                return
            place = int(offset)
            if not (0 <= place <= MAX_OFFSET and is_fragment(fragment)
                    and (epoch.isalnum() or not epoch)):  # fmt: skip
                raise ValueError("not a publication")
            self._published_ms = int(ms)
            is_continuous = channel.receive(place, epoch.decode(), fragment)
        except ValueError:
            self._stats.malformed += 1
            return
        if place:
            channel.heard_at = time.monotonic()
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
        started = time.perf_counter()
        touched, self._touched = self._touched, {}
        self._batch_bytes = 0
        self._stats.lag.observe(max(0.0, time.time() - self._published_ms / 1000))
        if len(touched) == 1:
            self.deliver(next(iter(touched)))
        else:
            self._deliver_all(touched)
        self._stats.pauses.observe(time.perf_counter() - started)

    def deliver(self, channel: Channel[Member]) -> None:
        """Send the channel's fresh publications to its members, now."""
        if fresh := self._take_fresh(channel):
            made: dict[Encoding, bytes] = {}
            encoding, batch = None, b""
            failed: list[tuple[Member, Exception]] = []
            for member in channel.members:
                if member.encoding is not encoding:
                    encoding = member.encoding
                    batch = _encoded(channel, fresh, encoding, made)
                try:
                    member.send(batch)
                except Exception as error:  # noqa: BLE001 - told to whose it is
                    failed.append((member, error))
            for member, why in failed:
                member.fail(why)

    def announce(self, name: str, change: str, info: bytes) -> None:
        """Somebody of this node has come or gone.

        Those who are there now are told, after what they are about to be answered;
        those who come later are not.
        """
        channel = self.hub.channels.get(name)
        if channel is not None and channel.members:
            soon = asyncio.get_running_loop().call_soon
            soon(self._tell, name, list(channel.members), change, info)

    def _hear(self, channel: Channel[Member], kind: bytes, info: bytes) -> None:
        """Somebody has come or gone on another node."""
        change = _CHANGES.get(kind)
        if change is None:
            return
        if not is_fragment(info):
            raise ValueError("nobody's")
        json.loads(info)
        self.flush()
        self._tell(channel.name, channel.members, change, info)

    def _tell(self, name: str, members: Iterable[Member], change: str, info: bytes) -> None:
        """Tell those of them who want to know."""
        push = wire.presence_push(name, change, info)
        encoded: dict[Encoding, bytes] = {}

        def tell(member: Member) -> None:
            if not member.is_over and member.hears_joins(name):
                if member.encoding not in encoded:
                    encoded[member.encoding] = member.encoding.messages([push])
                member.send(encoded[member.encoding])

        apart(members, tell)

    def _deliver_all(self, channels: Iterable[Channel[Member]]) -> None:
        outbox: dict[Member, bytes] = {}
        for channel in channels:
            if fresh := self._take_fresh(channel):
                made: dict[Encoding, bytes] = {}
                encoding, batch = None, b""
                for member in channel.members:
                    if member.encoding is not encoding:
                        encoding = member.encoding
                        batch = _encoded(channel, fresh, encoding, made)
                    if member in outbox:
                        outbox[member] += batch
                    else:
                        outbox[member] = batch
        apart(outbox, lambda member: member.send(outbox[member]))

    def _take_fresh(self, channel: Channel[Member]) -> list[Entry]:
        fresh = channel.take_fresh()
        self._stats.deliveries += len(fresh) * len(channel.members)
        return fresh if channel.members else []


def _encoded(
    channel: Channel[Member],
    fresh: list[Entry],
    encoding: Encoding,
    made: dict[Encoding, bytes],
) -> bytes:
    """The publications in an encoding, made once."""
    batch = made.get(encoding)
    if batch is None:
        batch = made[encoding] = encoding.publications(channel, fresh)
    return batch
