"""Statements about lists of notes: pages by keyset, so that every page costs the same.

A page starts after the cursor (time, id) at which the page before it ended; notes with the same
time are told apart by their id.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.domain.notes import Caller, NoteSummary
from notes_service.store import rows
from notes_service.tables import notes

_LIVE: Final = select(*rows.SUMMARY).where(rows.IS_LIVE)
_TRASH: Final = select(*rows.SUMMARY).where(rows.IS_IN_TRASH)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of a list ended."""

    time: datetime
    id: int
    tier: int = 0
    """How well the last one of the page matched, in a search."""


async def newest(
    connection: AsyncConnection,
    *,
    after: Cursor | None,
    limit: int,
    author_id: str | None = None,
) -> list[NoteSummary]:
    """Live notes, newest change first."""
    statement = _LIVE
    if author_id is not None:
        statement = statement.where(notes.c.author_id == author_id)
    return await _page(connection, statement, notes.c.updated_at, after, limit)


async def trash(
    connection: AsyncConnection, caller: Caller, *, after: Cursor | None, limit: int
) -> list[NoteSummary]:
    """Deleted notes that this person may restore, last deleted first."""
    statement = _TRASH.where(rows.is_restorable_by(caller))
    return await _page(connection, statement, notes.c.deleted_at, after, limit)


async def _page(
    connection: AsyncConnection,
    statement: Select[Any],
    time: Column[datetime],
    after: Cursor | None,
    limit: int,
) -> list[NoteSummary]:
    if after is not None:
        statement = statement.where(tuple_(time, notes.c.id) < (after.time, after.id))
    ordered = statement.order_by(time.desc(), notes.c.id.desc()).limit(limit)
    return [rows.summary(found) for found in await connection.execute(ordered)]
