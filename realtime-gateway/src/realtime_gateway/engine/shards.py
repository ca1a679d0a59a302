"""The bus over a Redis Cluster: one pub/sub connection to every server that owns slots.

A channel is followed at the owner of its slot (SSUBSCRIBE). When the owner changes, by a
failover or because slots were moved, the channel counts as interrupted until it is followed at
the new one; the others go on undisturbed.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final

from service_kit.tasks import end

from realtime_gateway.engine.bus import Bus, NotConnected
from realtime_gateway.engine.topology import Owners, Topology

LOOK_SECONDS: Final = 2.0
HURRY_SECONDS: Final = 0.25
"""Between looks at the topology while a shard is away."""

log = logging.getLogger("gateway.shards")


@dataclass(frozen=True, slots=True)
class _Shard:
    bus: Bus
    task: asyncio.Task[None]


class ShardedBus:
    """A bus for each server of a Redis Cluster that owns slots."""

    def __init__(
        self,
        topology: Topology,
        *,
        message: Callable[[bytes, bytes], None],
        flushed: Callable[[], None],
        interrupted: Callable[[Collection[bytes]], None],
        resumed: Callable[[Collection[bytes]], None],
        always: Iterable[bytes] = (),
    ) -> None:
        self._topology = topology
        self._message = message
        self._flushed = flushed
        self._interrupted = interrupted
        self._resumed = resumed
        self._always = list(always)
        self._owners: Owners | None = None
        self._shards: dict[str, _Shard] = {}
        self._look = asyncio.Event()
        self.generation = 0

    @property
    def is_connected(self) -> bool:
        """Whether any shard is: one that is away must not make all nodes unready."""
        return any(shard.bus.is_connected for shard in self._shards.values())

    def hears(self, key: bytes) -> bool:
        """Whether every message to `key` arrives here."""
        bus = self._bus(key)
        return bus is not None and bus.hears(key)

    async def follow(self, key: bytes) -> None:
        """Be subscribed to `key` at the owner of its slot; NotConnected if that is away."""
        bus = self._bus(key)
        if bus is None:
            raise NotConnected
        await bus.follow(key)

    def unfollow(self, keys: Iterable[bytes]) -> None:
        """Stop hearing `keys`, wherever they are followed."""
        dropped = list(keys)
        for shard in self._shards.values():
            shard.bus.unfollow(dropped)

    async def run(self) -> None:
        """Keep up with the cluster until cancelled."""
        try:
            while True:
                self._look.clear()
                for shard in self._shards.values():
                    if shard.task.done():
                        shard.task.result()  # what it died of is what this one dies of
                owners = await self._topology.owners(self._shards)
                if owners is not None:
                    await self._arrange(owners)
                await self._follow_always()
                with contextlib.suppress(TimeoutError):
                    pause = LOOK_SECONDS if self._is_whole else HURRY_SECONDS
                    async with asyncio.timeout(pause):
                        await self._look.wait()
                        await asyncio.sleep(HURRY_SECONDS)  # gossip takes a moment
        finally:
            await self._end(list(self._shards))
            await self._topology.aclose()

    async def _arrange(self, owners: Owners) -> None:
        """One connection for every owner, and every channel where it belongs."""
        self._owners = owners
        addresses = owners.all()
        for address in addresses - self._shards.keys():
            self._shards[address] = self._start(address)
        lost: list[bytes] = []
        for address, shard in self._shards.items():
            moved = [key for key in shard.bus.wanted if owners.of(key) != address]
            shard.bus.unfollow(moved)
            lost += moved
        if lost:
            log.warning("%d channels have moved to another shard", len(lost))
            self._on_interrupted(lost)
            self._resumed(lost)  # whoever reads the history follows them at the new place
        await self._end(self._shards.keys() - addresses)

    async def _follow_always(self) -> None:
        for key in self._always:
            with contextlib.suppress(NotConnected, TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self.follow(key)

    @property
    def _is_whole(self) -> bool:
        return all(shard.bus.is_connected for shard in self._shards.values()) and all(
            map(self.hears, self._always)
        )

    def _start(self, address: str) -> _Shard:
        bus = Bus(
            address,
            message=self._message,
            flushed=self._flushed,
            interrupted=self._on_interrupted,
            resumed=self._resumed,
            moved=self._look.set,
        )
        task = asyncio.create_task(bus.run(), name="shard")
        task.add_done_callback(lambda _: self._look.set())
        return _Shard(bus, task)

    async def _end(self, addresses: Collection[str]) -> None:
        ended = [self._shards.pop(address) for address in list(addresses)]
        await end([shard.task for shard in ended])

    def _on_interrupted(self, keys: Collection[bytes]) -> None:
        self.generation += 1
        self._look.set()
        self._interrupted(keys)

    def _bus(self, key: bytes) -> Bus | None:
        shard = self._shards.get(self._owners.of(key)) if self._owners else None
        return None if shard is None else shard.bus
