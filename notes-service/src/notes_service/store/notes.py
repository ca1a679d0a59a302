"""Statements about single notes.

`add`, `save_text`, `delete` and `bring_back` change a note, store its version and insert its
announcements in one statement. All but the first are compare-and-swap: they do nothing, and say
so, unless the note is still what the caller decided upon, its number of comments included (it
stands in the event).
The order of the outbox is the order of a note's commits, because its numbers are drawn while
the note is locked.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Text, bindparam, case, func, select, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.domain.errors import NoteExists
from notes_service.domain.notes import Caller, Note, NoteSummary, Source
from notes_service.domain.versions import BY_PROGRAM, FROM_TRASH, Origin
from notes_service.messages import Message
from notes_service.store import derivations, idempotency, outbox, rows
from notes_service.store.history import versions
from notes_service.store.idempotency import KeyTaken, KeyUse
from notes_service.tables import notes
from notes_service.text import former_words

_STATE: Final = (
    *("version", "editor_id", "editor_name", "updated_at", "changed_lines"),
    *("deleted_at", "deleter_id", "deleter_name"),
)
_SAME: Final = (
    (notes.c.id == bindparam("same_id"))
    & (notes.c.version == bindparam("same_version"))
    & (notes.c.comments == bindparam("same_comments"))
)
_WHOLE: Final = {
    **derivations.BOUND,
    "body": bindparam("new_body"),
    "words": func.to_tsvector("simple", bindparam("new_words", type_=Text)),
    "derived_from": bindparam("new_version"),
}
_ADDED: Final = (
    insert(notes)
    .values(**rows.bindings(*rows.NEW), **_WHOLE)
    .on_conflict_do_nothing(index_elements=["key"], index_where=rows.IS_LIVE)
    .returning(*versions.CHANGED)
    .cte("changed")
)
_ADD: Final = outbox.announced(_ADDED).add_cte(versions.kept(_ADDED))
_TEXT_CHANGED: Final = (
    update(notes)
    .where(_SAME)
    .values(**rows.bindings(*rows.EDITED), **_WHOLE)
    .returning(*versions.CHANGED)
    .cte("changed")
)
_SAVE_TEXT: Final = outbox.announced(_TEXT_CHANGED).add_cte(
    versions.caught_up(_TEXT_CHANGED), versions.kept(_TEXT_CHANGED)
)
_SAVE_TEXT_WITH_KEY: Final = _SAVE_TEXT.add_cte(idempotency.kept(_TEXT_CHANGED))
_STATE_CHANGED: Final = (
    update(notes)
    .where(_SAME)
    .values(
        **rows.bindings(*_STATE),
        # The text is the same: what was derived from it still is.
        derived_from=case(
            (notes.c.derived_from == notes.c.version, bindparam("new_version")),
            else_=notes.c.derived_from,
        ),
    )
    .returning(*versions.CHANGED)
    .cte("changed")
)
_DELETE: Final = outbox.announced(_STATE_CHANGED).add_cte(versions.caught_up(_STATE_CHANGED))
_BRING_BACK: Final = outbox.announced(_STATE_CHANGED).add_cte(versions.kept(_STATE_CHANGED))
_BY_KEY: Final = notes.c.key == bindparam("key")
_LIVE_SUMMARY: Final = select(*rows.SUMMARY).where(_BY_KEY, rows.IS_LIVE)
_LIVE_SOURCE: Final = select(*rows.SOURCE).where(_BY_KEY, rows.IS_LIVE)
_LIVE_NOTE: Final = select(*rows.NOTE).where(_BY_KEY, rows.IS_LIVE)
_LAST_DELETED: Final = (
    select(*rows.NOTE)
    .where(_BY_KEY, rows.IS_IN_TRASH)
    .order_by(notes.c.deleted_at.desc())
    .limit(1)
)


async def summary(
    connection: AsyncConnection, key: str, *, lock: bool = False
) -> NoteSummary | None:
    """The live note with this key; locked until the end of the caller's transaction."""
    query = _LIVE_SUMMARY.with_for_update() if lock else _LIVE_SUMMARY
    found = (await connection.execute(query, {"key": key})).first()
    return rows.summary(found) if found else None


async def source(connection: AsyncConnection, key: str, *, lock: bool = False) -> Source | None:
    """The same with its text."""
    query = _LIVE_SOURCE.with_for_update() if lock else _LIVE_SOURCE
    found = (await connection.execute(query, {"key": key})).first()
    return rows.source(found) if found else None


async def note(connection: AsyncConnection, key: str) -> Note | None:
    """The live note with this key, whole."""
    found = (await connection.execute(_LIVE_NOTE, {"key": key})).first()
    return rows.note(found) if found else None


async def last_deleted(
    connection: AsyncConnection, key: str, *, restorable_by: Caller | None = None
) -> Note | None:
    """The note with this key that was deleted last (of those that this person may restore)."""
    query = _LAST_DELETED
    if restorable_by:
        query = query.where(rows.is_restorable_by(restorable_by))
    found = (await connection.execute(query, {"key": key})).first()
    return rows.note(found) if found else None


async def add(
    connection: AsyncConnection,
    note: Note,
    messages: Sequence[Message],
    *,
    origin: Origin = BY_PROGRAM,
) -> bool:
    """False if a live note has the key."""
    values = (
        _values(note.summary, rows.NEW)
        | _whole(note)
        | versions.bound(origin)
        | outbox.bound(messages)
    )
    return (await connection.execute(_ADD, values)).first() is not None


async def save_text(
    connection: AsyncConnection,
    before: NoteSummary,
    after: Note,
    messages: Sequence[Message],
    *,
    origin: Origin,
    remember: tuple[KeyUse, str] | None = None,
) -> bool:
    """Save another text, and return whether the note was still what the caller has read.

    `remember` is an idempotency key with its answer, stored with it. Raises KeyTaken if the key
    was used.
    """
    values = (
        _values(after.summary, rows.EDITED)
        | _whole(after)
        | versions.bound(origin)
        | outbox.bound(messages)
        | _same(before)
    )
    if remember is None:
        return (await connection.execute(_SAVE_TEXT, values)).first() is not None
    try:
        found = await connection.execute(
            _SAVE_TEXT_WITH_KEY, values | idempotency.bound(*remember)
        )
    except IntegrityError as error:
        raise KeyTaken from error
    return found.first() is not None


async def delete(
    connection: AsyncConnection,
    before: NoteSummary,
    after: NoteSummary,
    messages: Sequence[Message],
) -> bool:
    """Put the note into the trash, and return whether it was still what the caller has read."""
    values = _values(after, _STATE) | outbox.bound(messages) | _same(before)
    return (await connection.execute(_DELETE, values)).first() is not None


async def bring_back(
    connection: AsyncConnection,
    before: NoteSummary,
    after: NoteSummary,
    messages: Sequence[Message],
) -> bool:
    """The same, out of the trash; raise NoteExists if the key was taken meanwhile."""
    values = _values(after, _STATE) | versions.bound(FROM_TRASH) | outbox.bound(messages)
    try:
        found = await connection.execute(_BRING_BACK, values | _same(before))
    except IntegrityError as error:
        raise NoteExists(after.key) from error
    return found.first() is not None


async def count_comments(connection: AsyncConnection, note_id: int, comments: int) -> None:
    """Store how many comments the note has."""
    query = update(notes).where(notes.c.id == bindparam("note_id"))
    await connection.execute(query.values(comments=comments), {"note_id": note_id})


async def purge_trash(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete for good what was put into the trash earlier, with its comments."""
    old = select(notes.c.id).where(notes.c.deleted_at < before).order_by(notes.c.deleted_at)
    # Materialised: a sub-select with LIMIT may run, and choose, once per row.
    chosen = old.limit(limit).cte("chosen").prefix_with("MATERIALIZED")
    done = await connection.execute(sql_delete(notes).where(notes.c.id == chosen.c.id))
    return done.rowcount


def _values(row: NoteSummary, names: Sequence[str]) -> dict[str, Any]:
    values = rows.values(row)
    return {f"new_{name}": values[name] for name in names}


def _whole(note: Note) -> dict[str, Any]:
    former = former_words.of_text(f"{note.summary.title}\n{note.body}")
    return {"new_body": note.body, "new_words": former} | derivations.values(note)


def _same(before: NoteSummary) -> dict[str, Any]:
    return {
        "same_id": before.id,
        "same_version": before.version,
        "same_comments": before.comments,
    }
