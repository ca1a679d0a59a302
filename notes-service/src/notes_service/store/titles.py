"""Statements about notes that are meant by a few letters of their title.

Titles that begin so come first, then those with words that begin so, then those that hold the
letters anywhere, and among each the newest change.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.domain.notes import NoteSummary
from notes_service.store import rows
from notes_service.tables import notes

INSIDE_CHARACTERS: Final = 3
"""A trigram: fewer letters inside of words would be looked for in every title."""

_SPECIAL: Final = re.compile(r"[\\%_]")


async def newest(
    connection: AsyncConnection, words: Sequence[str], *, limit: int
) -> list[NoteSummary]:
    """Return live notes whose titles hold what `words` begin, folded, best first."""
    found: dict[int, NoteSummary] = {}
    for condition in _ways(words):
        for row in await connection.execute(_matching(condition, limit)):
            found.setdefault(row.id, rows.summary(row))
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def _ways(words: Sequence[str]) -> list[ColumnElement[bool]]:
    ways = [
        _like(" ", " ".join(words)),
        and_(*(_like("% ", word) for word in words)),
    ]
    if all(len(word) >= INSIDE_CHARACTERS for word in words):
        ways.append(and_(*(_like("%", word) for word in words)))
    return ways


def _like(before: str, typed: str) -> ColumnElement[bool]:
    pattern = before + _SPECIAL.sub(r"\\\g<0>", typed) + "%"
    # In the statement itself: how common the letters are decides how they are looked for.
    return notes.c.found_title.like(bindparam(None, pattern, String, literal_execute=True))


def _matching(condition: ColumnElement[bool], limit: int) -> Select[Any]:
    newest_first = (notes.c.updated_at.desc(), notes.c.id.desc())
    chosen = select(*rows.SUMMARY).where(rows.IS_LIVE, condition)
    return chosen.order_by(*newest_first).limit(limit)
