"""Rendering of note bodies that cannot hold up the service.

Short bodies are rendered at once. Longer ones go to one child process: it works beside the
event loop, not instead of it, and if a hostile body takes longer than `RENDER_SECONDS` it is
killed and the note shows its source as written. The child starts with the first long body;
how long that takes is not the body's fault.
"""

import asyncio
import json
import logging
import struct
import sys
from contextlib import suppress
from typing import Final

from service_kit.logs import area

from notes_service import markdown
from notes_service.domain import Rendering
from notes_service.errors import Unavailable

log = logging.getLogger(__name__)
trace = area("notes:rendering")

AT_ONCE_CHARACTERS: Final = 2048
RENDER_SECONDS: Final = 4.0
QUEUE_SECONDS: Final = 5.0
START_SECONDS: Final = 30.0
READY: Final = b"!"
LENGTH: Final = struct.Struct("!I")
_COMMAND: Final = (sys.executable, "-m", "notes_service.render_worker")


class Renderer:
    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._worker: asyncio.subprocess.Process | None = None

    async def render(self, body: str) -> Rendering:
        if len(body) <= AT_ONCE_CHARACTERS:
            return markdown.render(body)
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await self._turn.acquire()
        except TimeoutError:
            log.warning("too many long notes are waiting to be rendered")
            raise Unavailable from None
        try:
            return await self._in_worker(body)
        finally:
            self._turn.release()

    async def close(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            with suppress(ProcessLookupError):
                worker.kill()
            await worker.wait()

    async def _in_worker(self, body: str) -> Rendering:
        try:
            worker = self._worker or await self._start()
            async with asyncio.timeout(RENDER_SECONDS):
                return await self._ask(worker, body)
        except TimeoutError:
            log.warning("a body of %d characters takes too long to render", len(body))
            await self.close()
            return markdown.as_written(body)
        except (asyncio.IncompleteReadError, OSError) as error:
            log.warning("the renderer died: %s", error.__class__.__name__)
            await self.close()
            raise Unavailable from error
        except asyncio.CancelledError:
            # Its answer would be taken for the next one's.
            await self.close()
            raise

    async def _ask(self, worker: asyncio.subprocess.Process, body: str) -> Rendering:
        trace.debug("%d characters go to the worker", len(body))
        assert worker.stdin is not None
        assert worker.stdout is not None
        source = body.encode()
        worker.stdin.write(LENGTH.pack(len(source)) + source)
        await worker.stdin.drain()
        (length,) = LENGTH.unpack(await worker.stdout.readexactly(LENGTH.size))
        html, excerpt = json.loads(await worker.stdout.readexactly(length))
        return Rendering(html, excerpt)

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        worker = await asyncio.create_subprocess_exec(*_COMMAND, stdin=pipe, stdout=pipe)
        self._worker = worker
        assert worker.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                await worker.stdout.readexactly(len(READY))
        except TimeoutError as error:
            raise OSError("the renderer does not start") from error
        return worker
