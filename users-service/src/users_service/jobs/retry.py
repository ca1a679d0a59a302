"""Delivers rows of a table until their consumer has them: at least once."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

import httpx
from prometheus_client import Counter
from redis.exceptions import RedisError
from service_kit.tasks import repeat
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)

AWAY: Final = (httpx.HTTPError, RedisError, SQLAlchemyError, OSError)
"""The errors of a consumer or database that is away or refuses."""

_LOOK_EVERY_SECONDS: Final = 0.25
_LONGEST_PAUSE_SECONDS: Final = 10.0


async def keep_delivering(
    deliver: Callable[[], Awaitable[bool]], what: str, delivered: Counter
) -> None:
    """Call `deliver` until cancelled, at once again while it returns True.

    After a failure of consumer or database it is tried again, after ever longer pauses of up to
    10 seconds. `what` names the consumer in the log.
    """

    async def deliver_all() -> None:
        while await deliver():
            pass

    def on_error(error: Exception, pause: float) -> None:
        delivered.labels("failed").inc()
        log.warning("%s not told, again in %s s: %r", what, pause, error)

    await repeat(
        deliver_all,
        every=_LOOK_EVERY_SECONDS,
        longest=_LONGEST_PAUSE_SECONDS,
        errors=AWAY,
        on_error=on_error,
    )
