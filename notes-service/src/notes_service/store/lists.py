"""Statements about lists of notes: pages by keyset, so that every page costs the same.

A page starts after the cursor at which the page before it ended, (time, id) or (title, id);
notes with the same time or title are told apart by their id.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Column, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.domain.notes import Caller, NoteSummary
from notes_service.store import rows
from notes_service.tables import TITLE_ORDER, notes

_LIVE: Final = select(*rows.SUMMARY).where(rows.IS_LIVE)
_TRASH: Final = select(*rows.SUMMARY).where(rows.IS_IN_TRASH)


class Order(StrEnum):
    """What comes first in a list of notes: the newest change, the newest note, or by title."""

    CHANGED = "changed"
    CREATED = "created"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of a list ended."""

    time: datetime
    id: int
    tier: int = 0
    """How well the last one of the page matched, in a search."""
    title: str | None = None
    """By what the last one of the page is sorted, in a list by title."""


async def newest(
    connection: AsyncConnection,
    *,
    after: Cursor | None,
    limit: int,
    author_id: str | None = None,
    order: Order = Order.CHANGED,
) -> list[NoteSummary]:
    """Live notes, newest change or newest note first."""
    time = notes.c.created_at if order is Order.CREATED else notes.c.updated_at
    return await _page(connection, _live(author_id), time, after, limit)


async def by_title(
    connection: AsyncConnection,
    *,
    after: Cursor | None,
    limit: int,
    author_id: str | None = None,
) -> list[tuple[NoteSummary, Cursor]]:
    """Live notes in the order of their titles, each with the cursor that stands at it."""
    statement = _live(author_id).add_columns(TITLE_ORDER.label("place"))
    if after is not None:
        statement = statement.where(
            tuple_(TITLE_ORDER, notes.c.id) > (after.title or "", after.id)
        )
    ordered = statement.order_by(TITLE_ORDER, notes.c.id).limit(limit)
    return [
        (rows.summary(found), Cursor(found.updated_at, found.id, title=found.place))
        for found in await connection.execute(ordered)
    ]


def _live(author_id: str | None) -> Select[Any]:
    return _LIVE if author_id is None else _LIVE.where(notes.c.author_id == author_id)


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
