"""Who is in a channel, on all nodes together: kept in Redis, as contracts/channel-log.md says.

What happens within a moment is written in one pipeline. Entries are renewed while the client
is there, spread over the interval, and expire by themselves when a node is gone; so a write
that fails is not repeated. Presence is of the last seconds, not of the instant.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any, Final, Protocol, cast

from redis.exceptions import RedisError

from realtime_gateway.sessions.effects import Appearance

GATHER_SECONDS: Final = 0.02
SLOTS: Final = 25
WRITE_LIMIT: Final = 1000
"""Commands in one pipeline."""

log = logging.getLogger("gateway.presence")

_SET: Final = files("realtime_gateway.engine").joinpath("presence_set.lua").read_text("utf-8")
_READ: Final = files("realtime_gateway.engine").joinpath("presence_read.lua").read_text("utf-8")

Entry = tuple[str, str]
"""Channel and client."""


class Commands(Protocol):
    """What is needed of Redis: a connection, a pipeline, or a cluster of them."""

    def pipeline(self, transaction: bool = ...) -> Any:
        """Begin a pipeline."""

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any:
        """Run a script."""


class Presence:
    """Keeps who is in which channel in Redis."""

    def __init__(
        self,
        redis: Commands,
        *,
        prefix: str,
        ttl: float,
        interval: float,
        pubsub_channel: Callable[[str], str],
        verb: str = "PUBLISH",
        origin: bytes = b"",
    ) -> None:
        """`origin` stands in what other nodes are told: this one knows it already."""
        self._redis = redis
        self._prefix = prefix
        self._ttl = max(1, round(ttl))
        self._pause = interval / SLOTS
        self._pubsub_channel = pubsub_channel
        self._verb = verb
        self._origin = origin
        self._slots: list[dict[Entry, bytes]] = [{} for _ in range(SLOTS)]
        self._changed: dict[Entry, bytes | None] = {}
        self._told: list[tuple[str, bytes]] = []
        self._has_news = asyncio.Event()
        self._writing = asyncio.Lock()

    def appear(self, channel: str, seen: Appearance) -> None:
        """The client has entered the channel."""
        if seen.is_present:
            self._slot(seen.client)[channel, seen.client] = seen.info
            self._changed[channel, seen.client] = seen.info
        if seen.is_announced:
            self._tell(b"j", channel, seen)
        self._has_news.set()

    def vanish(self, channel: str, seen: Appearance) -> None:
        """The client has left it."""
        if seen.is_present:
            self._slot(seen.client).pop((channel, seen.client), None)
            self._changed[channel, seen.client] = None
        if seen.is_announced:
            self._tell(b"l", channel, seen)
        self._has_news.set()

    async def read(self, channel: str) -> dict[str, Any]:
        """Everybody in the channel by client id; this node's own last changes included."""
        await self.write()
        call = self._redis.eval(_READ, 2, *self._keys(channel))
        listed: list[bytes] = await cast(Awaitable[Any], call)
        pairs = zip(listed[::2], listed[1::2], strict=True)
        return {client.decode(): json.loads(info) for client, info in pairs}

    async def write(self) -> None:
        """Have Redis know what has changed. Errors of redis-py pass through."""
        async with self._writing:
            changed, self._changed = self._changed, {}
            told, self._told = self._told, []
            await self._write(list(changed.items()), told)

    async def run(self) -> None:
        """Write what changes until cancelled.

        At once, and what follows within a moment together.
        """
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            await self.write_what_can_be()
            await asyncio.sleep(GATHER_SECONDS)

    async def renew(self) -> None:
        """Keep the entries alive until cancelled."""
        while True:
            for slot in self._slots:
                await asyncio.sleep(self._pause)
                if slot:
                    # What has changed meanwhile is newer than what is repeated.
                    self._changed = {**slot, **self._changed}
                    self._has_news.set()

    async def write_what_can_be(self) -> None:
        """Write; what fails is left to the entries' expiry and renewal."""
        try:
            await self.write()
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("presence not written: %s", type(error).__name__)

    def _tell(self, kind: bytes, channel: str, seen: Appearance) -> None:
        head = b"%s:0:%s:%d:" % (kind, self._origin, time.time() * 1000)
        self._told.append((channel, head + seen.info))

    async def _write(
        self, changed: list[tuple[Entry, bytes | None]], told: list[tuple[str, bytes]]
    ) -> None:
        for start in range(0, len(changed), WRITE_LIMIT):
            pipeline = self._redis.pipeline(transaction=False)
            for (channel, client), info in changed[start : start + WRITE_LIMIT]:
                self._put(pipeline, channel, client, info)
            await pipeline.execute()
        for start in range(0, len(told), WRITE_LIMIT):
            pipeline = self._redis.pipeline(transaction=False)
            for channel, message in told[start : start + WRITE_LIMIT]:
                pipeline.execute_command(self._verb, self._pubsub_channel(channel), message)
            await pipeline.execute()

    def _put(self, pipeline: Any, channel: str, client: str, info: bytes | None) -> None:
        expiries, infos = self._keys(channel)
        if info is None:
            pipeline.hdel(infos, client)
            pipeline.zrem(expiries, client)
        else:
            pipeline.eval(_SET, 2, expiries, infos, self._ttl, client, info)

    def _keys(self, channel: str) -> tuple[str, str]:
        tagged = f"{{{channel}}}"
        return (
            f"{self._prefix}.presence.expire.{tagged}",
            f"{self._prefix}.presence.data.{tagged}",
        )

    def _slot(self, client: str) -> dict[Entry, bytes]:
        return self._slots[hash(client) % SLOTS]
