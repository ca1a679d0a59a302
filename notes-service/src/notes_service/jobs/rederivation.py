"""Derives HTML, excerpt and words again for notes of which an earlier release made them.

It takes them as `backlog` does, and first the one that somebody opens.

No version, no event: nobody changed the note. A save is never waited for nor lost, because what
was derived again is stored only while the note's version is the one that it was derived from.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from notes_service.domain import limits, rules
from notes_service.domain.errors import Unavailable
from notes_service.domain.notes import Note
from notes_service.jobs import backlog
from notes_service.store import derivations
from notes_service.store.database import Database
from notes_service.text.rendering import Renderer
from notes_service.text.turns import Purpose

READER_SECONDS: Final = 2.0


@dataclass(slots=True)
class Rederivation:
    """Derives notes again, and knows which of them it is at."""

    database: Database
    renderer: Renderer
    _at_work: set[int] = field(default_factory=set)

    async def run(self) -> None:
        """Derive stale notes again until cancelled."""
        await backlog.look(self.derive_all, what="notes")

    async def derive_all(self) -> None:
        """Derive each stale note once: one that cannot be derived does not stop the others."""
        await backlog.work_off(self._stale(), self.derive, what="notes")

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
        rendered = await self.renderer.render(
            body, by=backlog.NOBODY, purpose=Purpose.REDERIVATION
        )
        derived = rules.derive_again(note, body, rendered)
        async with self.database.statements() as connection:
            await derivations.save_derived(connection, derived)
        return derived

    async def _stale(self) -> AsyncIterator[Note]:
        last = 0
        while note := await self._next(after=last):
            last = note.summary.id
            yield note

    async def _next(self, *, after: int) -> Note | None:
        async with self.database.statements() as connection:
            return await derivations.stale(connection, after=after)
