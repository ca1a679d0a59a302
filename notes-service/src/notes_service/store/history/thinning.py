"""Statements that let versions go: where enough others stay, and with old trash."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Integer,
    bindparam,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.domain.thinning import Place
from notes_service.tables import looked, notes
from notes_service.tables import note_versions as versions


class Position(NamedTuple):
    """A version; what comes after it is older, or of a note with a lower id."""

    note_id: int
    version: int


NEWEST: Final = Position(2**63 - 1, 2**31 - 1)

_PAGE: Final = (
    select(
        versions.c.note_id,
        versions.c.version,
        versions.c.by_id,
        versions.c.at,
        (versions.c.via == "autosave").label("is_autosave"),
        versions.c.deleted_at.is_not(None).label("is_deleted"),
    )
    .where(
        tuple_(versions.c.note_id, versions.c.version)
        < tuple_(bindparam("note_id", type_=BigInteger), bindparam("version", type_=Integer))
    )
    .order_by(versions.c.note_id.desc(), versions.c.version.desc())
    .limit(bindparam("limit"))
)
_chosen = (
    func.unnest(
        cast(bindparam("ids"), ARRAY(BigInteger)), cast(bindparam("numbers"), ARRAY(Integer))
    )
    .table_valued("id", "number")
    .render_derived(name="chosen")
)
_later = versions.alias("later")
# What never goes, whatever its age. Another reason to keep a version has its place here.
_IS_NEEDED: Final = or_(
    # Its note's newest: what it reads, or would read again out of the trash.
    ~exists().where(
        _later.c.note_id == versions.c.note_id, _later.c.version > versions.c.version
    ),
    exists().where(
        _later.c.note_id == versions.c.note_id, _later.c.restored_from == versions.c.version
    ),
    # What changed since somebody looked leads to this very version.
    exists().where(
        looked.c.note_id == versions.c.note_id, looked.c.version == versions.c.version
    ),
)
_LET_GO: Final = delete(versions).where(
    versions.c.note_id == _chosen.c.id,
    versions.c.version == _chosen.c.number,
    versions.c.deleted_at.is_(None),  # a gravestone stays, one made just now, too
    ~_IS_NEEDED,
)
# Materialised: a sub-select with LIMIT may run, and choose, once per row.
_of_trash = (
    select(versions.c.note_id, versions.c.version)
    .join(notes, notes.c.id == versions.c.note_id)
    .where(notes.c.deleted_at < bindparam("deleted_before"))
    .limit(bindparam("limit"))
    .cte("of_trash")
    .prefix_with("MATERIALIZED")
)
_PURGE_TRASH: Final = delete(versions).where(
    versions.c.note_id == _of_trash.c.note_id, versions.c.version == _of_trash.c.version
)


async def page(connection: AsyncConnection, after: Position, *, limit: int) -> list[Place]:
    """The versions after that one, of all notes, each note's newest first."""
    asked = {"note_id": after.note_id, "version": after.version, "limit": limit}
    return [
        Place(each.note_id, each.version, each.by_id, each.at.astimezone(UTC), *each[-2:])
        for each in await connection.execute(_PAGE, asked)
    ]


async def let_go(connection: AsyncConnection, places: Sequence[Place]) -> int:
    """Delete these, except those that are needed, and return how many went."""
    chosen = {
        "ids": [place.note_id for place in places],
        "numbers": [place.version for place in places],
    }
    return (await connection.execute(_LET_GO, chosen)).rowcount


async def purge_trash(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete versions of notes put into the trash earlier; their notes go without them."""
    asked = {"deleted_before": before, "limit": limit}
    return (await connection.execute(_PURGE_TRASH, asked)).rowcount
