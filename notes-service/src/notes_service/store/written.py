"""Statements about how much people wrote in a day."""

from datetime import date
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.tables import written

_ADD: Final = insert(written)
_ADDED: Final = _ADD.on_conflict_do_update(
    index_elements=["person_id", "day"],
    set_={"bytes": written.c.bytes + _ADD.excluded.bytes},
).returning(written.c.bytes)


async def add(connection: AsyncConnection, person: str, day: date, size: int) -> int:
    """What it is by now."""
    values = {"person_id": person, "day": day, "bytes": size}
    total: int = (await connection.execute(_ADDED, values)).scalar_one()
    return total


async def read(connection: AsyncConnection, person: str, day: date) -> int:
    """Return how many bytes the person has written on that day."""
    query = select(written.c.bytes).where(written.c.person_id == person, written.c.day == day)
    return await connection.scalar(query) or 0


async def purge(connection: AsyncConnection, *, before: date) -> None:
    """Forget the days before that one."""
    await connection.execute(delete(written).where(written.c.day < before))
