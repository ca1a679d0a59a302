"""The way to a real Redis, on which a test holds the answers back or closes the door."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Way:
    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._ends: set[asyncio.StreamWriter] = set()
        self.answers = asyncio.Event()
        """Clear while answers are held back: what was asked arrives, and is done."""
        self.answers.set()
        self.is_open = True
        self.came = 0

    def url(self, port: int) -> str:
        there = self._target
        return there._replace(netloc=f":{there.password}@127.0.0.1:{port}").geturl()

    def close(self) -> None:
        """Redis is away, until `is_open` is set again."""
        self.is_open = False
        for end in self._ends:
            end.transport.abort()

    async def carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self.came += 1
        if not self.is_open:
            back.transport.abort()
            return
        far, forth = await asyncio.open_connection(self._target.hostname, self._target.port)
        self._ends |= {back, forth}
        await asyncio.gather(self._there(near, forth), self._back(far, back))
        self._ends -= {back, forth}

    async def _there(self, near: asyncio.StreamReader, forth: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await near.read(65_536):
                forth.write(data)
        forth.close()

    async def _back(self, far: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await far.read(65_536):
                await self.answers.wait()
                back.write(data)
        back.close()


@asynccontextmanager
async def way_to(redis_url: str) -> AsyncIterator[tuple[Way, str]]:
    """The way, and the address of its beginning."""
    way = Way(redis_url)
    server = await asyncio.start_server(way.carry, "127.0.0.1", 0)
    try:
        yield way, way.url(server.sockets[0].getsockname()[1])
    finally:
        way.answers.set()
        way.close()
        server.close()
        await server.wait_closed()
