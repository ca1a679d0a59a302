"""Statements about remembered answers to POST requests."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, null, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.tables import idempotency_keys as keys


class Use(NamedTuple):
    """One use of a key: whose, which, for what request, and when."""

    person_id: str
    key: str
    fingerprint: str
    at: datetime


class Remembered(NamedTuple):
    fingerprint: str
    answer: str | None


async def claim(connection: AsyncConnection, use: Use, *, forget_before: datetime) -> bool:
    """Take the key for this transaction; False if it was used (since `forget_before`).

    Waits for another transaction that holds the same key to end.
    """
    taken = insert(keys).values(
        person_id=use.person_id, key=use.key, fingerprint=use.fingerprint, created_at=use.at
    )
    taken = taken.on_conflict_do_update(
        index_elements=["person_id", "key"],
        set_={
            "fingerprint": taken.excluded.fingerprint,
            "created_at": taken.excluded.created_at,
            "answer": null(),
        },
        where=keys.c.created_at < forget_before,
    )
    return (await connection.execute(taken.returning(keys.c.key))).first() is not None


async def remembered(connection: AsyncConnection, use: Use) -> Remembered | None:
    query = select(keys.c.fingerprint, keys.c.answer).where(
        keys.c.person_id == use.person_id, keys.c.key == use.key
    )
    found = (await connection.execute(query)).first()
    return Remembered(found.fingerprint, found.answer) if found else None


async def remember(connection: AsyncConnection, use: Use, answer: str) -> None:
    query = update(keys).where(keys.c.person_id == use.person_id, keys.c.key == use.key)
    await connection.execute(query.values(answer=answer))


async def purge(connection: AsyncConnection, *, before: datetime) -> int:
    done = await connection.execute(delete(keys).where(keys.c.created_at < before))
    return done.rowcount
