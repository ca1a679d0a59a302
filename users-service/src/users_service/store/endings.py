"""Statements about ends of sessions that the gateway has to hear of.

A row is written in the transaction that ends the session, and deleted by the one in which the
relay told it: a crash in between repeats it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.tables import SessionEndRow


async def announce(
    session: AsyncSession, account_id: UUID, session_id: UUID | None, *, now: datetime
) -> None:
    """`session_id` None: all of the account's."""
    ended = insert(SessionEndRow)
    await session.execute(
        ended.values(account_id=account_id, session_id=session_id, ended_at=now)
    )


async def take(session: AsyncSession) -> SessionEndRow | None:
    """The next one, deleted if the transaction commits. Replicas never take the same one."""
    following = select(SessionEndRow.id).order_by(SessionEndRow.id).limit(1)
    taken = delete(SessionEndRow).where(
        SessionEndRow.id.in_(following.with_for_update(skip_locked=True).scalar_subquery())
    )
    return await session.scalar(taken.returning(SessionEndRow))


async def forget(session: AsyncSession, *, before: datetime) -> None:
    await session.execute(delete(SessionEndRow).where(SessionEndRow.ended_at < before))
