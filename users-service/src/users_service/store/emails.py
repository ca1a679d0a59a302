"""Statements about the queue of e-mails.

A try is counted before it is made: an e-mail that crashes the process is not tried for ever,
and one whose sender died is tried again.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.domain.emails import EmailKind, pause_after
from users_service.tables import EmailRow


async def add(
    session: AsyncSession,
    notice: tuple[EmailKind, Mapping[str, Any]],
    *,
    now: datetime,
    expires_at: datetime,
    account_id: UUID | None,
    sealed: bytes | None = None,
) -> None:
    """Queue an e-mail that is due at once; `sealed` is encrypted, its facts are not."""
    kind, facts = notice
    await session.execute(
        insert(EmailRow).values(
            kind=kind.value,
            account_id=account_id,
            facts=dict(facts),
            sealed=sealed,
            written_at=now,
            expires_at=expires_at,
            next_try_at=now,
        )
    )


async def take(session: AsyncSession, *, now: datetime) -> EmailRow | None:
    """Return an e-mail that is due, with this try counted; replicas never take the same one."""
    due = select(EmailRow).where(EmailRow.next_try_at <= now, EmailRow.expires_at > now)
    following = due.order_by(EmailRow.next_try_at, EmailRow.id).limit(1)
    row = await session.scalar(following.with_for_update(skip_locked=True))
    if row is not None:
        row.tries += 1
        row.next_try_at = now + pause_after(row.tries)
    return row


async def done(session: AsyncSession, email_id: int) -> None:
    """Delete the e-mail from the queue, sent or given up."""
    await session.execute(delete(EmailRow).where(EmailRow.id == email_id))


async def forget_dead(session: AsyncSession, *, now: datetime) -> int:
    """Delete the e-mails that have expired unsent, and return how many they were."""
    dead = delete(EmailRow).where(EmailRow.expires_at <= now)
    return len((await session.scalars(dead.returning(EmailRow.id))).all())
