"""Looking for notes: which, in what order, how many, and where they say it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from notes_service import passages, search, texts
from notes_service.domain import NoteRow
from notes_service.passages import Piece
from notes_service.search import Query
from notes_service.store import found
from notes_service.store.database import Database
from notes_service.store.lists import Place

COUNTED: Final = found.COUNTED


@dataclass(frozen=True, slots=True)
class Hit:
    row: NoteRow
    place: Place
    title: list[Piece]
    passage: list[Piece]
    """Empty where the text says nothing of it, or is too long to be looked through."""


@dataclass(frozen=True, slots=True)
class Hits:
    hits: list[Hit]
    has_more: bool
    total: int
    """COUNTED + 1 stands for more than COUNTED."""


@dataclass(frozen=True, slots=True)
class Finding:
    database: Database

    async def find(
        self, typed: str, *, after: Place | None, limit: int, author_id: str | None
    ) -> Hits:
        typed = texts.search_text(typed)
        query = search.parse(typed)
        if query.is_empty:
            return Hits([], has_more=False, total=0)
        async with self.database.statements() as connection:
            rows = await found.page(
                connection, query, typed, after=after, limit=limit + 1, author_id=author_id
            )
            total = await found.count(connection, query, typed, author_id=author_id)
            shown = rows[:limit]
            bodies = await found.bodies(connection, [each.row.id for each in shown])
        hits = await asyncio.to_thread(_marked, shown, bodies, query)
        return Hits(hits, has_more=len(rows) > limit, total=total)


def _marked(shown: Sequence[found.Found], bodies: dict[int, str], query: Query) -> list[Hit]:
    return [
        Hit(
            row,
            Place(row.updated_at, row.id, tier),
            passages.marked(row.title, query),
            passages.passage(bodies.get(row.id, ""), query),
        )
        for row, tier in shown
    ]
