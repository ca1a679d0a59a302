"""Statements about ends of sessions that the gateway and Redis have to hear of.

Each consumer gets a row in the transaction that ends the session. It is deleted in the one in
which it was delivered: a crash in between repeats it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.tables import SessionEndRow


class Consumer(StrEnum):
    """Who has to hear of the end of a session; each has a row of its own."""

    GATEWAY = "gateway"
    REDIS = "redis"


async def announce(
    session: AsyncSession,
    account_id: UUID,
    session_id: UUID | None,
    *,
    generation: int | None = None,
    now: datetime,
) -> None:
    """Store the end for each consumer; `session_id` None stands for all of the account's.

    `generation` is then the first one whose tokens are good.
    """
    ended = {
        "account_id": account_id,
        "session_id": session_id,
        "generation": generation,
        "ended_at": now,
    }
    await session.execute(
        insert(SessionEndRow), [{**ended, "listener": each} for each in Consumer]
    )


async def take(
    session: AsyncSession, listener: Consumer, *, but: Collection[int] = ()
) -> SessionEndRow | None:
    """Return the next end and delete it when the transaction commits; None if none waits.

    Replicas never take the same one. `but` are the ids to leave for now.
    """
    following = select(SessionEndRow.id).order_by(SessionEndRow.id).limit(1)
    following = following.where(SessionEndRow.listener == listener)
    following = following.where(SessionEndRow.id.not_in(but))
    # Materialised: as a sub-select it may run once per row, and find another "next" each time.
    once = following.with_for_update(skip_locked=True).cte("following")
    taken = delete(SessionEndRow).where(
        SessionEndRow.id == once.prefix_with("MATERIALIZED").c.id
    )
    return await session.scalar(taken.returning(SessionEndRow))


async def take_all(session: AsyncSession, listener: Consumer) -> Sequence[SessionEndRow]:
    """Return all ends and delete them when the transaction commits.

    Waits for replicas that hold some of them.
    """
    taken = delete(SessionEndRow).where(SessionEndRow.listener == listener)
    return (await session.scalars(taken.returning(SessionEndRow))).all()


async def put_back(session: AsyncSession, rows: Sequence[SessionEndRow]) -> None:
    """Insert ends again that could not be delivered, with their old time."""
    kept = ("account_id", "session_id", "generation", "listener", "ended_at")
    await session.execute(
        insert(SessionEndRow), [{name: getattr(row, name) for name in kept} for row in rows]
    )


async def forget(session: AsyncSession, *, before: datetime) -> None:
    """Delete ends that happened earlier, delivered or not."""
    await session.execute(delete(SessionEndRow).where(SessionEndRow.ended_at < before))
