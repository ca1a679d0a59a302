"""Derives HTML, excerpt and words again for notes of which an earlier release made them.

It takes one after the other in the background, and first the one that somebody opens.

No version, no event: nobody changed the note. A save is never waited for nor lost, because what
was derived again is stored only while the note's version is the one that it was derived from.
Any number of processes may do it at once; it takes a quarter of one's time at most.
"""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Final

from service_kit.tasks import repeat, rest

from notes_service.domain import limits, rules
from notes_service.domain.errors import Unavailable
from notes_service.domain.notes import Note
from notes_service.store import derivations
from notes_service.store.database import Database
from notes_service.text.rendering import Renderer
from notes_service.text.turns import Purpose

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS: Final = 5.0
READER_SECONDS: Final = 2.0
_NOBODY: Final = ""


@dataclass(slots=True)
class Rederivation:
    """Derives notes again, and knows which of them it is at."""

    database: Database
    renderer: Renderer
    _at_work: set[int] = field(default_factory=set)

    async def run(self) -> None:
        """Derive stale notes again until cancelled."""
        await repeat(self.derive_all, every=LOOK_EVERY_SECONDS, on_error=_log_error)

    async def derive_all(self) -> None:
        """Derive each stale note once: one that cannot be derived does not stop the others."""
        done, last = 0, 0
        while note := await self._next(after=last):
            last, begun = note.summary.id, time.monotonic()
            try:
                await self.derive(note)
                done += 1
            except Unavailable:
                raise
            except Exception:
                log.exception("a note cannot be derived again")
            await rest(3 * (time.monotonic() - begun))
        if done:
            log.info("derived %d notes again, by newer rules", done)

    async def by_current_rules(self, note: Note) -> Note:
        """Return the note by the rules of today, unless that takes long just now."""
        if not note.is_stale or note.summary.id in self._at_work:
            return note
        self._at_work.add(note.summary.id)
        try:
            async with asyncio.timeout(READER_SECONDS):
                return await self.derive(note)
        except (TimeoutError, Unavailable):
            return note
        finally:
            self._at_work.discard(note.summary.id)

    async def derive(self, note: Note) -> Note:
        """Return the note derived again, and store it unless it was saved meanwhile."""
        body = limits.with_our_line_ends(note.body)
        rendered = await self.renderer.render(body, by=_NOBODY, purpose=Purpose.REDERIVATION)
        derived = rules.derive_again(note, body, rendered)
        async with self.database.statements() as connection:
            await derivations.save_derived(connection, derived)
        return derived

    async def _next(self, *, after: int) -> Note | None:
        async with self.database.statements() as connection:
            return await derivations.stale(connection, after=after)


def _log_error(error: Exception, pause: float) -> None:
    if isinstance(error, Unavailable):
        log.info("deriving notes again waits for PostgreSQL or for its turn")
    else:
        log.error("deriving notes again failed, trying again", exc_info=error)
