"""Rendering of note bodies that cannot hold up the service.

Nothing that strangers wrote is rendered on the event loop, but a line or two. Child processes
work beside it, each one body at a time, and `turns` says whose is next. If a hostile body
takes longer than `RENDER_SECONDS` its worker is killed and the note shows its source as
written. A worker starts with the first body that needs it; how long that takes is not the
body's fault.
"""

import asyncio
import json
import logging
import struct
import sys
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from enum import IntEnum
from typing import Final

from service_kit.logs import area

from notes_service.domain.errors import Unavailable
from notes_service.domain.notes import Rendering, Words
from notes_service.text import words
from notes_service.text.markup import code, comments, markdown
from notes_service.text.turns import Purpose, Turns

log = logging.getLogger(__name__)
trace = area("notes:rendering")

AT_ONCE_CHARACTERS: Final = 128
"""A millisecond at the very worst: less than asking a worker."""
WORKERS: Final = 2
RENDER_SECONDS: Final = 4.0
QUEUE_SECONDS: Final = 5.0
START_SECONDS: Final = 30.0
READY: Final = b"!"
ASKED: Final = struct.Struct("!BI")
"""What is wanted, a `Wanted`, and the length of the text that follows."""
LENGTH: Final = struct.Struct("!I")
_COMMAND: Final = (sys.executable, "-m", "notes_service.text.render_worker")


class Wanted(IntEnum):
    """What is derived from a text."""

    ALL = 0
    SHOWN = 1
    """All but the words: nobody looks for a preview by them."""
    COMMENT = 2
    """The HTML of a comment."""


def derive(text: str, wanted: Wanted = Wanted.ALL) -> Rendering:
    """All that is derived from a text. RULES of `tables` count up when this changes."""
    if wanted is Wanted.COMMENT:
        return Rendering(comments.render(text), "")
    return _found_by(text, markdown.render(text), wanted)


def _as_written(text: str, wanted: Wanted) -> Rendering:
    if wanted is Wanted.COMMENT:
        return Rendering(comments.as_written(text), "")
    return _found_by(text, markdown.as_written(text), wanted)


def _found_by(body: str, rendered: Rendering, wanted: Wanted) -> Rendering:
    return replace(rendered, words=words.of(body)) if wanted is Wanted.ALL else rendered


class Renderer:
    """Renders bodies, short ones at once and long ones in child processes."""

    def __init__(self) -> None:
        self._turns = Turns(WORKERS)
        self._workers = [_Worker() for _ in range(WORKERS)]

    async def render(self, body: str, *, by: str, purpose: Purpose) -> Rendering:
        """`by` is the id of the person who waits."""
        wanted = Wanted.SHOWN if purpose is Purpose.PREVIEW else Wanted.ALL
        return await self._made(body, wanted, by=by, purpose=purpose)

    async def comment(self, text: str, *, by: str, purpose: Purpose) -> str:
        """Return the comment's HTML."""
        return (await self._made(text, Wanted.COMMENT, by=by, purpose=purpose)).html

    async def _made(self, text: str, wanted: Wanted, *, by: str, purpose: Purpose) -> Rendering:
        if len(text) <= AT_ONCE_CHARACTERS and not code.may_be_in(text):
            return derive(text, wanted)
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(QUEUE_SECONDS):
                    turn = self._turns.turn(purpose, by)
                    worker = self._workers[await held.enter_async_context(turn)]
            except TimeoutError:
                log.warning("too many long texts are waiting to be rendered")
                raise Unavailable from None
            return await worker.render(text, wanted)

    async def close(self) -> None:
        """End the child processes."""
        for worker in self._workers:
            await worker.close()


class _Worker:
    """One child process, for one caller at a time."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def render(self, text: str, wanted: Wanted) -> Rendering:
        try:
            process = self._process or await self._start()
            async with asyncio.timeout(RENDER_SECONDS):
                return await self._ask(process, text, wanted)
        except TimeoutError:
            log.warning("a text of %d characters takes too long to render", len(text))
            await self.close()
            return await asyncio.to_thread(_as_written, text, wanted)
        except (asyncio.IncompleteReadError, OSError) as error:
            log.warning("the renderer died: %s", error.__class__.__name__)
            await self.close()
            raise Unavailable from error
        except asyncio.CancelledError:
            # Its answer would be taken for the next one's.
            await self.close()
            raise

    async def _ask(
        self, process: asyncio.subprocess.Process, text: str, wanted: Wanted
    ) -> Rendering:
        trace.debug("%d characters go to the worker", len(text))
        assert process.stdin is not None
        assert process.stdout is not None
        source = text.encode()
        process.stdin.write(ASKED.pack(wanted, len(source)) + source)
        await process.stdin.drain()
        (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
        html, excerpt, sequence, lexemes = json.loads(await process.stdout.readexactly(length))
        return Rendering(html, excerpt, Words(sequence, tuple(lexemes)))

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*_COMMAND, stdin=pipe, stdout=pipe)
        self._process = process
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                await process.stdout.readexactly(len(READY))
        except TimeoutError as error:
            raise OSError("the renderer does not start") from error
        return process
