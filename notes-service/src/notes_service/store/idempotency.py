"""Statements about remembered answers to requests with an Idempotency-Key."""

from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import CTE, bindparam, delete, null, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.tables import idempotency_keys as keys


class KeyUse(NamedTuple):
    """One use of a key: whose, which, for what request, and when."""

    person_id: str
    key: str
    fingerprint: str
    at: datetime


class Remembered(NamedTuple):
    """What is known of a key; `answer` is None while the first request is at work."""

    fingerprint: str
    answer: str | None


class KeyTaken(Exception):
    """The key was used before, so the statement did nothing."""


_NAMES: Final = ("person_id", "key", "fingerprint", "answer", "created_at")


def kept(changed: CTE) -> CTE:
    """Return a CTE that takes the bound key with its answer if `changed` has a row.

    A key that is there already fails the whole statement, by its unique index.
    """
    bound = [bindparam(f"key_{name}", type_=keys.c[name].type) for name in _NAMES]
    taken = plain_insert(keys).from_select(_NAMES, select(*bound).select_from(changed))
    return taken.cte("kept")


def bound(use: KeyUse, answer: str) -> dict[str, Any]:
    """Return the parameters of `kept`."""
    values = (use.person_id, use.key, use.fingerprint, answer, use.at)
    return {f"key_{name}": value for name, value in zip(_NAMES, values, strict=True)}


async def claim(connection: AsyncConnection, use: KeyUse, *, forget_before: datetime) -> bool:
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


async def remembered(connection: AsyncConnection, use: KeyUse) -> Remembered | None:
    """Return what is known of the key."""
    query = select(keys.c.fingerprint, keys.c.answer).where(
        keys.c.person_id == use.person_id, keys.c.key == use.key
    )
    found = (await connection.execute(query)).first()
    return Remembered(found.fingerprint, found.answer) if found else None


async def remember(connection: AsyncConnection, use: KeyUse, answer: str) -> None:
    """Store the answer to the request that has claimed the key."""
    query = update(keys).where(keys.c.person_id == use.person_id, keys.c.key == use.key)
    await connection.execute(query.values(answer=answer))


async def forget(connection: AsyncConnection, use: KeyUse, *, before: datetime) -> None:
    """Release this key if it is older than that."""
    query = delete(keys).where(keys.c.person_id == use.person_id, keys.c.key == use.key)
    await connection.execute(query.where(keys.c.created_at < before))


async def purge(connection: AsyncConnection, *, before: datetime) -> int:
    """Delete the keys that are older than that, and return how many they were."""
    done = await connection.execute(delete(keys).where(keys.c.created_at < before))
    return done.rowcount
