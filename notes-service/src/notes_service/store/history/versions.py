"""Statements about a note's versions.

A change of a note stores its version in the same statement: `kept` makes that part of it. What
the release before writes beside this one has no version; `caught_up` stores it before another
text takes its place.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Row,
    Text,
    bindparam,
    exists,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.domain.notes import NoteSummary, Person
from notes_service.domain.versions import Origin, Version, WholeVersion
from notes_service.store import rows
from notes_service.tables import note_versions as versions
from notes_service.tables import notes

_COPIED: Final = {
    "note_id": notes.c.id,
    "version": notes.c.version,
    "title": notes.c.title,
    "body": notes.c.body,
    "by_id": notes.c.editor_id,
    "by_name": notes.c.editor_name,
    "at": notes.c.updated_at,
}
"""Where a version's columns come from."""
CHANGED: Final = [*_COPIED.values(), notes.c.changed_lines]
"""What a statement that changes notes has to return for `kept` and `caught_up`."""
_LISTED: Final = [each for each in versions.c if each.name not in ("note_id", "body")]
_OF_NOTE: Final = versions.c.note_id == bindparam("note_id")
_PAGE: Final = (
    select(*_LISTED)
    .where(_OF_NOTE, versions.c.version < bindparam("before"))
    .order_by(versions.c.version.desc())
    .limit(bindparam("limit"))
)
_WHOLE: Final = [*_LISTED, versions.c.body]
_ONE: Final = select(*_WHOLE).where(_OF_NOTE, versions.c.version == bindparam("version"))
_DELETE: Final = (
    update(versions)
    .where(
        versions.c.note_id == bindparam("of_note"),
        versions.c.version == bindparam("of_version"),
        versions.c.deleted_at.is_(None),
    )
    .values(
        title="",
        body="",
        deleted_at=bindparam("now"),
        deleter_id=bindparam("by"),
        deleter_name=bindparam("name"),
    )
)


def kept(changed: CTE) -> CTE:
    """Return a CTE that stores what the notes in `changed` read now, with the bound origin."""
    values: list[ColumnElement[Any]] = [
        *(changed.c[column.name] for column in _COPIED.values()),
        changed.c.changed_lines,
        bindparam("new_via", type_=Text),
        bindparam("new_restored_from", type_=Integer),
    ]
    names = [*_COPIED, "changed_lines", "via", "restored_from"]
    return insert(versions).from_select(names, select(*values)).cte("kept_version")


def caught_up(changed: CTE) -> CTE:
    """Return a CTE that stores what the notes in `changed` read before, if nobody did.

    All parts of a statement see the table as it was before any of them.
    """
    is_stored = exists().where(
        versions.c.note_id == notes.c.id, versions.c.version == notes.c.version
    )
    values: list[ColumnElement[Any]] = [*_COPIED.values(), literal("page", Text)]
    before = (
        select(*values)
        .join(changed, changed.c.id == notes.c.id)
        .where(rows.IS_LIVE, ~is_stored)
    )
    stored = insert(versions).from_select([*_COPIED, "via"], before)
    return stored.cte("caught_up_version")


def bound(origin: Origin) -> dict[str, Any]:
    """Return the parameters of `kept`."""
    return {"new_via": origin.via, "new_restored_from": origin.restored_from}


def of_note(note: NoteSummary) -> Version:
    """Return the current version of a note that the release before has saved."""
    return Version(
        version=note.version, title=note.title, by=note.editor, at=note.updated_at, via="page"
    )


async def page(
    connection: AsyncConnection, note_id: int, *, before: int, limit: int
) -> list[Version]:
    """The note's stored versions of lower numbers than `before`, newest first."""
    asked = {"note_id": note_id, "before": before, "limit": limit}
    return [_version(found) for found in await connection.execute(_PAGE, asked)]


async def get(connection: AsyncConnection, note_id: int, version: int) -> WholeVersion | None:
    """Return the stored version with its text, which is empty if it was deleted."""
    found = (await connection.execute(_ONE, {"note_id": note_id, "version": version})).first()
    return WholeVersion(_version(found), found.body) if found else None


async def delete(
    connection: AsyncConnection, note_id: int, version: int, *, by: Person, now: datetime
) -> bool:
    """Delete the version's text for good, and return whether there was one."""
    values = {"of_note": note_id, "of_version": version, "now": now}
    done = await connection.execute(_DELETE, values | {"by": by.id, "name": by.name})
    return done.rowcount == 1


def _version(found: Row[Any]) -> Version:
    return Version(
        version=found.version,
        title=found.title,
        by=Person(found.by_id, found.by_name),
        at=found.at,
        via=found.via,
        restored_from=found.restored_from,
        changed_lines=found.changed_lines,
        deleted=found.deleted_at is not None,
    )
