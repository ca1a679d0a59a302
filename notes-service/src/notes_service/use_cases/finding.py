"""Looking for notes: which, in what order, how many, and where they say it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from notes_service.domain import limits
from notes_service.domain.notes import NoteSummary
from notes_service.store import found, lists, titles
from notes_service.store.database import Database
from notes_service.store.lists import Cursor
from notes_service.text import passages, search, words
from notes_service.text.passages import Piece
from notes_service.text.search import Query

COUNTED: Final = found.COUNTED
TITLE_WORDS: Final = 8
"""More than these of what is typed are not compared with a title."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A note that was found, with what was looked for marked."""

    note: NoteSummary
    cursor: Cursor
    title: list[Piece]
    passage: list[Piece]
    """Empty where the text says nothing of it, or is too long to be looked through."""


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of what was found."""

    hits: list[Hit]
    has_more: bool
    total: int
    """COUNTED + 1 stands for more than COUNTED."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Searches notes."""

    database: Database

    async def find(
        self, typed: str, *, after: Cursor | None, limit: int, author_id: str | None
    ) -> Hits:
        """Return the notes that match what was typed, best first. Raises InvalidSearch."""
        typed = limits.search_text(typed)
        query = search.parse(typed)
        if query.is_empty:
            return Hits([], has_more=False, total=0)
        async with self.database.statements() as connection:
            rows = await found.page(
                connection, query, typed, after=after, limit=limit + 1, author_id=author_id
            )
            total = await found.count(connection, query, typed, author_id=author_id)
            shown = rows[:limit]
            bodies = await found.bodies(connection, [each.note.id for each in shown])
        hits = await asyncio.to_thread(_marked, shown, bodies, query)
        return Hits(hits, has_more=len(rows) > limit, total=total)

    async def by_title(self, typed: str, *, limit: int) -> list[NoteSummary]:
        """Return the notes that somebody means who begins to type a title, best first.

        Without a letter, those that changed last. Raises InvalidSearch.
        """
        typed = limits.search_text(typed)
        wanted = words.of(typed).sequence.split()
        async with self.database.statements() as connection:
            if not typed:
                return await lists.newest(connection, after=None, limit=limit)
            if not wanted:
                return []
            return await titles.newest(connection, wanted[:TITLE_WORDS], limit=limit)


def _marked(shown: Sequence[found.Found], bodies: dict[int, str], query: Query) -> list[Hit]:
    return [
        Hit(
            note,
            Cursor(note.updated_at, note.id, tier),
            passages.marked(note.title, query),
            passages.passage(bodies.get(note.id, ""), query),
        )
        for note, tier in shown
    ]
