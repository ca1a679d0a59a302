"""What earlier rules made is made again, one after the other in the background.

Any number of processes may do it at once; it takes a quarter of one's time at most, and one
that cannot be made again does not stop the others.
"""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

from service_kit.tasks import repeat, rest

from notes_service.domain.errors import Unavailable

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS: Final = 5.0
NOBODY: Final = ""
"""Who waits for it, to `text.turns`."""

T = TypeVar("T")


async def look(work: Callable[[], Awaitable[None]], *, what: str) -> None:
    """Do the work again and again until cancelled."""
    await repeat(work, every=LOOK_EVERY_SECONDS, on_error=partial(_log_error, what))


async def work_off(
    stale: AsyncIterator[T], derive: Callable[[T], Awaitable[object]], *, what: str
) -> None:
    """Derive each once. Raises Unavailable; what else goes wrong is logged."""
    done = 0
    async for each in stale:
        begun = time.monotonic()
        try:
            await derive(each)
            done += 1
        except Unavailable:
            raise
        except Exception:
            log.exception("one of the %s cannot be derived again", what)
        await rest(3 * (time.monotonic() - begun))
    if done:
        log.info("derived %d %s again, by newer rules", done, what)


def _log_error(what: str, error: Exception, pause: float) -> None:
    if isinstance(error, Unavailable):
        log.info("deriving %s again waits for PostgreSQL or for its turn", what)
    else:
        log.error("deriving %s again failed, trying again", what, exc_info=error)
