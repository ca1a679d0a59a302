"""Statements about the audit log: add lines, read them, and delete old ones."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, insert, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.domain.audit_events import OK, AuditEvent, AuditEventType
from users_service.domain.emails import (
    NOTICE_LIFETIME,
    WRONG_SECOND_STEPS,
    WRONG_STEP_PAUSE,
    notice_of,
)
from users_service.store import emails
from users_service.tables import AuditRow


async def write(session: AsyncSession, audit_event: AuditEvent, *, now: datetime) -> None:
    """Add the line, and queue the notice to the account holder if the event is worth one."""
    notice = notice_of(audit_event)
    if (
        notice is not None
        and audit_event.result != OK
        and await _was_refused(session, audit_event, now)
    ):
        notice = None
    await session.execute(
        insert(AuditRow).values(
            at=now,
            event=audit_event.type.stored,
            result=audit_event.result,
            actor_id=audit_event.by.account_id,
            actor_name=audit_event.by.name,
            account_id=audit_event.account.id if audit_event.account else None,
            account_name=audit_event.account.username if audit_event.account else None,
            session_id=audit_event.by.session_id,
            address=audit_event.by.address,
            facts=dict(audit_event.facts),
        )
    )
    if notice is not None and audit_event.account is not None:
        expires_at = now + NOTICE_LIFETIME
        await emails.add(
            session, notice, now=now, expires_at=expires_at, account_id=audit_event.account.id
        )


async def _was_refused(session: AsyncSession, audit_event: AuditEvent, now: datetime) -> bool:
    """Return whether such a refusal was logged lately, so that a notice went out."""
    assert audit_event.account is not None
    wrong = (
        and_(AuditRow.event == event.stored, AuditRow.result.in_(results))
        for event, results in WRONG_SECOND_STEPS.items()
    )
    query = select(AuditRow.id).where(
        AuditRow.account_id == audit_event.account.id,
        or_(*wrong),
        AuditRow.at > now - WRONG_STEP_PAUSE,
    )
    return await session.scalar(query.limit(1)) is not None


async def newest(
    session: AsyncSession,
    *,
    before: int | None,
    limit: int,
    account_id: UUID | None = None,
    event: AuditEventType | None = None,
) -> Sequence[AuditRow]:
    """Return lines, newest first; `account_id` selects acts by the account and on it."""
    query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditRow.id < before)
    if account_id is not None:
        about = (AuditRow.account_id == account_id, AuditRow.actor_id == account_id)
        query = query.where(or_(*about))
    if event is not None:
        query = query.where(AuditRow.event == event.stored)
    return (await session.scalars(query)).all()


async def forget(session: AsyncSession, *, before: datetime) -> None:
    """Delete older lines; a trigger refuses every other deletion, so this switches it off."""
    await session.execute(text("SET LOCAL users.sweeps_audit_log = 'on'"))
    await session.execute(delete(AuditRow).where(AuditRow.at < before))
