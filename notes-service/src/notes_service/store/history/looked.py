"""Statements about what people looked at: the newest version of each note, for each person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, bindparam, cast, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.tables import looked

KEPT: Final = 1000
"""Notes of one person; those whose change was looked at longest ago are forgotten first."""

_INSERT: Final = insert(looked)
_PUT: Final = _INSERT.on_conflict_do_update(
    index_elements=["person_id", "note_id"],
    set_={"version": _INSERT.excluded.version, "at": _INSERT.excluded.at},
    where=looked.c.version < _INSERT.excluded.version,
)
_OF_PERSON: Final = looked.c.person_id == bindparam("person")
_VERSIONS: Final = select(looked.c.note_id, looked.c.version).where(
    _OF_PERSON, looked.c.note_id == func.any(cast(bindparam("ids"), ARRAY(BigInteger)))
)


_LATEST: Final = (
    select(looked.c.note_id)
    .where(_OF_PERSON)
    .order_by(looked.c.at.desc(), looked.c.note_id.desc())
    .offset(bindparam("kept"))
)
_TRIM: Final = delete(looked).where(_OF_PERSON, looked.c.note_id.in_(_LATEST))


async def put(
    connection: AsyncConnection,
    person: str,
    note_id: int,
    version: int,
    now: datetime,
    *,
    kept: int = KEPT,
) -> None:
    """The person looked at the version; an earlier one than before changes nothing."""
    values = {"person_id": person, "note_id": note_id, "version": version, "at": now}
    await connection.execute(_PUT, values)
    await connection.execute(_TRIM, {"person": person, "kept": kept})


async def versions(
    connection: AsyncConnection, person: str, note_ids: Sequence[int]
) -> dict[int, int]:
    """Return the version that the person looked at last, by note; others are left out."""
    found = await connection.execute(_VERSIONS, {"person": person, "ids": list(note_ids)})
    return {each.note_id: each.version for each in found}
