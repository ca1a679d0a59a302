"""Waiting for a service that comes back, so that its restart fails nobody's request.

What never arrived is asked again, whatever it was; what may have arrived only where asking
twice is as good as once. All calls of one request share its patience, which ends well before
the edge gives up; what fails for longer is told as it is. Few may wait at a time: the others
hear at once that the service is away.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import Final

import httpx
from service_kit.logs import area
from starlette.types import ASGIApp, Receive, Scope, Send

debug = area("notes:clients")

ROOM: Final = 128
_COMING_BACK: Final = frozenset({502, 503})
NEVER_ARRIVED: Final = (httpx.ConnectError, httpx.ConnectTimeout)
_CUT_OFF: Final = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout)
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 0.5

_until: ContextVar[float] = ContextVar("patience of this request ends", default=float("-inf"))

Ask = Callable[[], Awaitable[httpx.Response]]


class RetryWindow:
    """Gives each request its patience, from when it came in."""

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs the request within its time for retries."""
        before = _until.set(time.monotonic() + self._seconds)
        try:
            await self._app(scope, receive, send)
        finally:
            _until.reset(before)


class Retries:
    """Those who wait for one service."""

    def __init__(self, *, room: int = ROOM) -> None:
        self._room, self._inside = room, 0

    async def ask(
        self, send: Ask, *, repeatable: bool, is_patient: bool = True
    ) -> httpx.Response:
        """The answer; what the last try brought, where nobody came back in time."""
        for pause in self._pauses(is_patient=is_patient):
            failed: httpx.HTTPError | None = None
            try:
                response = await send()
                if not repeatable or response.status_code not in _COMING_BACK:
                    return response
            except _CUT_OFF as error:
                if not repeatable and not isinstance(error, NEVER_ARRIVED):
                    raise
                failed = error
            if not await self._wait(pause):
                if failed:
                    raise failed
                return response
            if failed is None:
                await response.aclose()
        return await send()

    def _pauses(self, *, is_patient: bool) -> Iterator[float]:
        """One at least: after a restart the first request may meet a dead connection."""
        pause = _FIRST_PAUSE
        yield pause
        while is_patient and (left := _until.get() - time.monotonic()) > 0:
            pause = min(2 * pause, _LONGEST_PAUSE)
            yield min(pause * random.uniform(0.5, 1.0), left)  # noqa: S311 - spreads, no secret

    async def _wait(self, seconds: float) -> bool:
        """False when there is no room to wait."""
        if self._inside >= self._room:
            debug.debug("no room to wait")
            return False
        self._inside += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._inside -= 1
        return True
