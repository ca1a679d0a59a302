"""Announces committed changes: moves events from the outbox to the channels' logs.

Promise: every committed change is announced at least once, those of one note in the order of
its commits, a rolled-back one never. Publishing comes before forgetting, so a crash in between
repeats events and never loses one. One relay a database is active; the others stand by and
take over when its connection ends. It is woken after each commit, and looks by itself once a
second for what nobody woke it for.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from redis.exceptions import RedisError
from service_kit.channel_log import HistoryOptions
from service_kit.logs import area
from service_kit.tasks import heed_cancellation, rest

from notes_service.metrics import Metrics
from notes_service.store import outbox_reader
from notes_service.store.outbox_reader import OutboxReader, Waiting

log = logging.getLogger(__name__)
trace = area("notes:relay")

BATCH: Final = 250
LOOK_SECONDS: Final = 1.0
STAND_BY_SECONDS: Final = 0.2
FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 2.0


class Publisher(Protocol):
    """`service_kit.channel_log.ChannelLog`, as much of it as the relay needs."""

    async def publish_many(
        self, publications: Sequence[tuple[str, bytes]], history: HistoryOptions | None, /
    ) -> Any:
        """Publish all, in order; raise RedisError or OSError if some may not have been."""


class Relay:
    """Publishes the outbox for as long as it has its turn."""

    def __init__(
        self,
        database_url: str,
        publisher: Publisher,
        *,
        history: HistoryOptions,
        metrics: Metrics,
    ) -> None:
        self._database_url = database_url
        self._publisher = publisher
        self._history = history
        self._metrics = metrics
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something to announce. Cheap; never blocks."""
        self._woken.set()

    async def run(self) -> None:
        """Be the relay, or wait to become it, until cancelled."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                async with outbox_reader.connect(self._database_url) as outbox:
                    pause = FIRST_PAUSE_SECONDS
                    await self._stand_by(outbox)
                    await self._announce(outbox)
            except outbox_reader.AWAY as error:
                log.warning("relay: PostgreSQL is away: %s", error.__class__.__name__)
            except Exception:
                log.exception("relay: failed, starting again")
            finally:
                self._metrics.is_relay.set(0)
            await rest(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _stand_by(self, outbox: OutboxReader) -> None:
        while not await outbox.take_turn():
            if await self._was_woken(STAND_BY_SECONDS):
                # However many commits came meanwhile, one call wakes the relay for all.
                self._woken.clear()
                await outbox.wake()

    async def _announce(self, outbox: OutboxReader) -> None:
        log.info("relay: active")
        self._metrics.is_relay.set(1)
        await outbox.listen(self.wake)
        announced: list[int] = []
        pause = FIRST_PAUSE_SECONDS
        while True:
            # Cleared before looking: a later call counts for the next time.
            self._woken.clear()
            waiting = await outbox.next(announced=announced, limit=BATCH)
            announced = []
            if not waiting:
                await self._was_woken(LOOK_SECONDS)
            elif await self._publish(waiting):
                announced = [event.seq for event in waiting]
                pause = FIRST_PAUSE_SECONDS
            else:
                # Looking again before the next try proves that the turn is still ours.
                await rest(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _publish(self, waiting: Sequence[Waiting]) -> bool:
        """Publish in order; False if Redis did not take them all (some it may have)."""
        publications = [(event.channel, _fragment(event)) for event in waiting]
        try:
            await self._publisher.publish_many(publications, self._history)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("relay: Redis is away: %s", error.__class__.__name__)
            return False
        self._metrics.published.inc(len(waiting))
        trace.debug("announced %d, up to %d", len(waiting), waiting[-1].seq)
        return True

    async def _was_woken(self, seconds: float) -> bool:
        heed_cancellation()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._woken.wait()
        return False


def _fragment(event: Waiting) -> bytes:
    return b'{"data":%b}' % event.payload.encode()
