"""The chores: emptying the trash, thinning versions, forgetting keys, measuring the outbox.

Any number of processes may do them at once; while PostgreSQL is away they wait. One that
fails does not keep the others waiting.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from service_kit.tasks import repeat

from notes_service.domain.errors import Unavailable
from notes_service.jobs.thinning import Thinner
from notes_service.metrics import Metrics
from notes_service.store import deleted_comments, idempotency, notes, outbox, written
from notes_service.store.database import Database
from notes_service.store.history import thinning
from notes_service.use_cases.idempotency import REMEMBERED_FOR
from notes_service.use_cases.quota import Quota

log = logging.getLogger(__name__)

KEPT_IN_TRASH: Final = timedelta(days=30)
PURGE_EVERY: Final = timedelta(minutes=10)
MEASURE_SECONDS: Final = 5.0
_PURGE_BATCH: Final = 500


async def run(
    database: Database,
    metrics: Metrics,
    quota: Quota,
    thinner: Thinner,
    *,
    now: Callable[[], datetime],
) -> None:
    """Do the chores until cancelled."""
    due = now()

    async def chores() -> None:
        nonlocal due
        await _try(measure(database, metrics, now()))
        await _try(quota.save())
        if now() >= due:
            await purge(database, now())
            await _try(thinner.turn(now()))
            due = now() + PURGE_EVERY

    await repeat(chores, every=MEASURE_SECONDS, on_error=_log_error)


async def purge(database: Database, now: datetime) -> None:
    """Delete idempotency keys, counts of bytes and what is in the trash that are too old.

    What fails is logged, and keeps none of the others waiting.
    """
    await _try(_purge_answers(database, now))
    await _try(_purge_notes(database, now))
    await _try(_purge_comments(database, now))


async def _purge_answers(database: Database, now: datetime) -> None:
    async with database.statements() as connection:
        await written.purge(connection, before=(now - timedelta(days=2)).date())
        answers = await idempotency.purge(connection, before=now - REMEMBERED_FOR)
    log.debug("purged %d remembered answers", answers)


async def _purge_notes(database: Database, now: datetime) -> None:
    before = now - KEPT_IN_TRASH
    async with database.statements() as connection:
        # Their versions before them: however many a note has, no statement takes long.
        for purge_batch in (thinning.purge_trash, notes.purge_trash):
            while (
                await purge_batch(connection, before=before, limit=_PURGE_BATCH) == _PURGE_BATCH
            ):
                pass


async def _purge_comments(database: Database, now: datetime) -> None:
    before = now - KEPT_IN_TRASH
    async with database.statements() as connection:
        while (
            await deleted_comments.purge(connection, before=before, limit=_PURGE_BATCH)
            == _PURGE_BATCH
        ):
            pass


async def _try(chore: Awaitable[None]) -> None:
    """Do it, or log why not; its turn comes again."""
    try:
        await chore
    except Exception as error:  # noqa: BLE001 - whatever it is, the others have their turn
        _log_error(error, MEASURE_SECONDS)


async def measure(database: Database, metrics: Metrics, now: datetime) -> None:
    """Set the metrics of the outbox."""
    async with database.statements() as connection:
        size, oldest = await outbox.measure(connection)
    metrics.outbox_size.set(size)
    metrics.relay_lag.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)


def _log_error(error: Exception, pause: float) -> None:
    if isinstance(error, Unavailable):
        log.info("housekeeping waits for PostgreSQL")
    else:
        log.error("housekeeping failed, trying again", exc_info=error)
