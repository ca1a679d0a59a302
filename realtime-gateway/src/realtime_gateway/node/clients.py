"""All client connections of this node.

One timer for all of them, room for so many, one farewell.

Objects that live as long as a connection are taken out of the garbage collector's sight as
their number grows: a full collection over ten thousand connections would stop everybody.
"""

import asyncio
import contextlib
import gc
import logging
import math
import time
from collections.abc import Coroutine
from typing import Any, Final, Protocol

from service_kit.tasks import end

from realtime_gateway.delivery.stats import Stats
from realtime_gateway.node.allowance import UNLIMITED, Allowance
from realtime_gateway.node.wheel import TICK, Sleeper, Wheel
from realtime_gateway.protocol import codes

FREEZE_EVERY: Final = 1000
DRAIN_SECONDS_PER_CLIENT: Final = 0.005

PEER_GONE_SECONDS: Final = 3.0
"""A proxy that has been told that its clients are gone stops within this time."""

LONGEST_WAIT_SECONDS: Final = 15
_REFUSALS_FADE_SECONDS: Final = 5.0
_REFUSALS_A_SECOND_MORE: Final = 50

log = logging.getLogger("gateway.clients")


def address(transport: asyncio.BaseTransport) -> str:
    """Where a connection comes from: the client's address, or the proxy's before it."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else ""


class Waker(Sleeper, Protocol):
    """A connection that the timer wakes."""

    @property
    def transport(self) -> asyncio.Transport:
        """The connection's transport, to be cut if waking it fails."""

    def wake(self, now: float) -> None:
        """Its time has come. One that raises is at its end."""


class Client(Waker, Protocol):
    """A client's connection, as far as all connections together are concerned."""

    @property
    def user(self) -> str:
        """The user's id; empty for an anonymous client."""

    def close(self, code: int, reason: str) -> None:
        """Close it with a code and a reason (RFC 6455 section 7.4), after what waits."""

    def cut(self, code: int) -> None:
        """Close it at once, with all that waits to be sent."""

    def tell(self, push: bytes) -> None:
        """Something that is no channel's, if it has connected."""

    def fail(self, error: Exception) -> None:
        """Leave everything and go: it has raised this. Must not raise."""


class Clients:
    """The connections of a node, their timer, and how many may still come."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        stats: Stats,
        *,
        limit: int,
        rate_limit: int = 0,
        allowance: Allowance = UNLIMITED,
    ) -> None:
        self.loop = loop
        self.stats = stats
        self.connected: set[Client] = set()
        self.wheel: Wheel[Waker] = Wheel(loop.time())
        self.is_draining = False
        self.standstill = b""
        """What newcomers are told first, while the way through Redis stands still."""
        self._closing: set[str] = set()
        """Addresses of proxies that are about to stop."""
        self.limit = limit
        self.allowance = allowance
        self._rate_limit = rate_limit
        self._second = 0
        self._this_second = 0
        self._refused = 0.0
        self._refused_at = 0.0
        self._frozen = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._empty: asyncio.Event | None = None

    def has_room_for(self, transport: asyncio.BaseTransport) -> bool:
        """Whether one more may connect, now, from there."""
        return self.has_room and not (self._closing and address(transport) in self._closing)

    def seconds_to_wait(self) -> int:
        """What one who finds no room is told.

        Longer the more ask, so that a crowd that cannot get in costs little; at once
        where it is only this node that ends.
        """
        now = self.loop.time()
        self._refused *= math.exp((self._refused_at - now) / _REFUSALS_FADE_SECONDS)
        self._refused, self._refused_at = self._refused + 1, now
        if self.has_room or self.is_draining:
            return 1
        return min(LONGEST_WAIT_SECONDS, int(5 + self._refused / _REFUSALS_A_SECOND_MORE))

    @property
    def has_room(self) -> bool:
        """Wherever one comes from."""
        if self.is_draining or (self.limit and len(self.connected) >= self.limit):
            return False
        is_new_second = int(self.loop.time()) != self._second
        return not self._rate_limit or is_new_second or self._this_second < self._rate_limit

    def buffered_bytes(self) -> int:
        """What clients have not taken yet, of all together."""
        return sum(client.transport.get_write_buffer_size() for client in self.connected)

    def add(self, client: Client) -> None:
        """Count a connection whose handshake is done."""
        second = int(self.loop.time())
        if second != self._second:
            self._second, self._this_second = second, 0
        self._this_second += 1
        self.connected.add(client)
        self.stats.connections_accepted += 1

    def remove(self, client: Client, code: int) -> None:
        """Count a connection as gone, with the code that it ended with."""
        self.connected.discard(client)
        self.wheel.remove(client)
        self.stats.disconnects[code] += 1
        if self._empty is not None and not self.connected:
            self._empty.set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a command that has to wait; the node's end cancels what is left."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def run(self) -> None:
        """Turn the wheel until cancelled."""
        with self.stats.pauses.of_collections():
            while True:
                before = time.perf_counter()
                await asyncio.sleep(TICK)
                self._turn(time.perf_counter() - before - TICK)

    def _turn(self, lag: float) -> None:
        stats, now, started = self.stats, self.loop.time(), time.perf_counter()
        stats.loop_lag_seconds = max(0.0, lag)
        stats.loop_lag.observe(stats.loop_lag_seconds)
        stats.pauses.observe(stats.loop_lag_seconds)
        self._wake(self.wheel.advance(now), now)
        self._freeze_as_it_grows()
        stats.pauses.observe(time.perf_counter() - started)
        stats.pauses.turn(now)

    def _wake(self, sleepers: list[Waker], now: float) -> None:
        for sleeper in sleepers:
            try:
                sleeper.wake(now)
            except Exception:
                # Nobody would wake it again: neither pinged nor ended with its token.
                log.exception("a connection could not be woken")
                sleeper.transport.abort()

    async def drain(self, limit: float, *, window: float) -> None:
        """Send everybody away, spread over `window` seconds or less.

        So they do not all come back at once. Returns when they are gone, or after `limit`
        seconds without them.
        """
        self.is_draining = True
        start = self.loop.time()
        await self._send_away(list(self.connected), min(window, limit / 2))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, start + limit - self.loop.time())):
                await self._wait_until_empty()
        for client in list(self.connected):
            client.cut(codes.SHUTDOWN.code)
        await self._cancel_tasks()

    async def drain_peer(self, peer: str, *, window: float) -> None:
        """Send everybody away who came from the address `peer`, within `window` seconds.

        Nobody is let in from there until it is gone.
        """
        if peer in self._closing:
            return
        self._closing.add(peer)
        try:
            leaving = [each for each in self.connected if address(each.transport) == peer]
            await self._send_away(leaving, window)
        finally:
            self.loop.call_later(PEER_GONE_SECONDS, self._closing.discard, peer)

    async def _send_away(self, leaving: list[Client], window: float) -> None:
        window = min(window, len(leaving) * DRAIN_SECONDS_PER_CLIENT)
        log.info("draining %d clients within %.1f s", len(leaving), window)
        start = self.loop.time()
        for number, client in enumerate(leaving):
            await asyncio.sleep(start + window * number / len(leaving) - self.loop.time())
            try:
                client.close(codes.SHUTDOWN.code, codes.SHUTDOWN.reason)
            except Exception:
                log.exception("a connection could not be closed")
                client.transport.abort()

    async def _wait_until_empty(self) -> None:
        if self.connected:
            self._empty = asyncio.Event()
            await self._empty.wait()

    async def _cancel_tasks(self) -> None:
        await end(list(self._tasks))

    def _freeze_as_it_grows(self) -> None:
        if len(self.connected) >= self._frozen + FREEZE_EVERY:
            self._frozen = len(self.connected)
            gc.collect(1)
            gc.freeze()
