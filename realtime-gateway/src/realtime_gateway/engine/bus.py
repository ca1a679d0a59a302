"""Keeps this node subscribed to what it wants to hear, whatever happens to Redis.

A gap is never hidden: `interrupted` is called with the channels whose messages may start to be
missed, `resumed` when they are all confirmed again; what was published in between is for the
caller to read from the history. `follow` returns when Redis has confirmed the subscription, not
before.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any, Final, Protocol

import hiredis

from realtime_gateway.engine.pubsub import Connection, connect

CONNECT_TIMEOUT: Final = 5.0
RETRY_PAUSES: Final = (0.1, 0.25, 0.5, 1.0)
SILENCE: Final = 10.0
"""Seconds without a byte after which the connection is probed, and after as many more given
up.
"""

log = logging.getLogger("gateway.bus")


class NotConnected(Exception):
    """Redis pub/sub is away: whoever asked may ask again."""


class PubSub(Protocol):
    """What carries the live messages of all channels to this node."""

    @property
    def is_connected(self) -> bool:
        """Whether any channel can be followed."""

    @property
    def generation(self) -> int:
        """Counts interruptions: what was read under another number may miss some."""

    def hears(self, key: bytes) -> bool:
        """Whether every message to `key` arrives here."""

    async def follow(self, key: bytes) -> None:
        """Be subscribed to `key` when this returns; NotConnected if that cannot be had."""

    def unfollow(self, keys: Iterable[bytes]) -> None:
        """Stop hearing `keys`."""

    async def run(self) -> None:
        """Stay connected until cancelled."""


class Bus:
    """The pub/sub connection to one server of Redis, made again whenever it is lost."""

    def __init__(
        self,
        url: str,
        *,
        message: Callable[[bytes, bytes], None],
        flushed: Callable[[], None],
        interrupted: Callable[[Collection[bytes]], None],
        resumed: Callable[[Collection[bytes]], None],
        publish: Callable[[bytes], Awaitable[object]] | None = None,
        moved: Callable[[], None] | None = None,
        prefix: str = "",
        always: Iterable[bytes] = (),
        silence: float = SILENCE,
    ) -> None:
        """Publish by `publish` to any channel, or serve one shard of a cluster.

        For a shard there is `moved` in place of `publish`: it is called when the shard has
        turned out not to serve a wanted channel.
        """
        self._url = url
        self._message = message
        self._flushed = flushed
        self._interrupted = interrupted
        self._resumed = resumed
        self._publish = publish
        self._moved = moved
        self._silence = silence
        self._probe = f"{prefix}.probe.{secrets.token_hex(8)}".encode()
        self.wanted: set[bytes] = set(always)
        self._confirmed: set[bytes] = set()
        self._waiting: dict[bytes, asyncio.Future[None]] = {}
        self._unconfirmed: dict[bytes, int] = {}
        self._queued: list[bytes] = []
        self._connection: Connection | None = None
        self.is_connected = False
        """Whether everything wanted is being heard."""
        self.generation = 0
        """Counts interruptions: what was read under another generation may have missed some."""

    def hears(self, key: bytes) -> bool:
        """Whether every message to `key` arrives here."""
        return self.is_connected and key in self._confirmed

    async def follow(self, key: bytes) -> None:
        """Be subscribed to `key`; NotConnected if that cannot be had now."""
        if not self.is_connected:
            raise NotConnected
        self.wanted.add(key)
        if key in self._confirmed:
            return
        if key not in self._waiting:
            self._waiting[key] = asyncio.get_running_loop().create_future()
            if not self._queued:
                asyncio.get_running_loop().call_soon(self._subscribe_queued)
            self._queued.append(key)
        await asyncio.shield(self._waiting[key])

    def unfollow(self, keys: Iterable[bytes]) -> None:
        """Stop hearing `keys`. Whoever still waits for one of them is told NotConnected."""
        dropped = [key for key in keys if key in self.wanted]
        self.wanted.difference_update(dropped)
        self._confirmed.difference_update(dropped)
        self._queued = [key for key in self._queued if key in self.wanted]
        for key in dropped:
            self._fail(key)
        if self._connection is not None:
            self._connection.unsubscribe(dropped)

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        failures = 0
        while True:
            try:
                await self._listen()
                failures = 0
            except (OSError, TimeoutError, ValueError, hiredis.HiredisError) as error:
                if failures == 0:
                    log.warning("Redis pub/sub is away: %s", error or type(error).__name__)
                failures += 1
            await asyncio.sleep(RETRY_PAUSES[min(failures, len(RETRY_PAUSES) - 1)])

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_TIMEOUT):
            connection = await connect(self._url, lambda: self._make(loop))
        try:
            self._connection = connection
            await self._resubscribe(connection)
            log.info("Redis pub/sub connected, %d channels", len(self.wanted))
            await self._watch(connection)
            log.warning("Redis pub/sub was lost")
        finally:
            connection.abort()
            self._on_lost()

    def _make(self, loop: asyncio.AbstractEventLoop) -> Connection:
        return Connection(
            loop,
            message=self._message,
            flushed=self._flushed,
            confirmed=self._on_confirmed,
            dropped=self._on_dropped if self._moved else None,
        )

    async def _resubscribe(self, connection: Connection) -> None:
        keys = [*self.wanted] if self._moved else [self._probe, *self.wanted]
        for key in keys:
            self._waiting[key] = asyncio.get_running_loop().create_future()
            self._unconfirmed[key] = 1
        waiting = [self._waiting[key] for key in keys]
        connection.subscribe(keys)
        async with asyncio.timeout(CONNECT_TIMEOUT + len(keys) / 10_000):
            confirmed: asyncio.Future[Any] = asyncio.gather(*waiting, return_exceptions=True)
            await asyncio.wait(
                [confirmed, connection.closed], return_when=asyncio.FIRST_COMPLETED
            )
        if connection.closed.done():
            raise ConnectionError("closed while subscribing")
        self.is_connected = True
        self._resumed(self.wanted)

    async def _watch(self, connection: Connection) -> None:
        """Return when the connection is gone or has turned out to be deaf."""
        silent = 0
        while not connection.closed.done():
            connection.has_heard = False
            await asyncio.wait([connection.closed], timeout=self._silence)
            silent = 0 if connection.has_heard else silent + 1
            if silent == 1 and self._publish is None:
                connection.ping()
            elif silent == 1 and self._publish is not None:
                # Through the command connection: what comes back has passed the live server.
                with contextlib.suppress(Exception):
                    await self._publish(self._probe)
            elif silent > 1:
                log.warning("Redis pub/sub is silent: connecting again")
                return

    def _on_lost(self) -> None:
        self._connection = None
        was_connected, self.is_connected = self.is_connected, False
        self._confirmed.clear()
        self._unconfirmed.clear()
        self._queued.clear()
        for key in list(self._waiting):
            self._fail(key)
        self.generation += 1
        if was_connected:
            self._interrupted(self.wanted)

    def _subscribe_queued(self) -> None:
        keys, self._queued = self._queued, []
        if self._connection is not None and keys:
            for key in keys:
                self._unconfirmed[key] = self._unconfirmed.get(key, 0) + 1
            self._connection.subscribe(keys)

    def _on_confirmed(self, key: bytes) -> None:
        # Subscribed, unsubscribed, subscribed: only the last confirmation is the valid one.
        outstanding = self._unconfirmed.get(key, 0) - 1
        if outstanding > 0:
            self._unconfirmed[key] = outstanding
            return
        self._unconfirmed.pop(key, None)
        if (waiting := self._waiting.pop(key, None)) is not None:
            self._confirmed.add(key)
            if not waiting.done():
                waiting.set_result(None)

    def _on_dropped(self, key: bytes | None) -> None:
        assert self._moved is not None
        if key is None:
            self._moved()
        elif key in self._confirmed:  # else it is the answer to our own UNSUBSCRIBE
            self.wanted.discard(key)
            self._confirmed.discard(key)
            self.generation += 1
            self._interrupted([key])
            self._moved()

    def _fail(self, key: bytes) -> None:
        waiting = self._waiting.pop(key, None)
        if waiting is not None and not waiting.done():
            waiting.set_exception(NotConnected())
            waiting.exception()  # perhaps nobody waits any more
