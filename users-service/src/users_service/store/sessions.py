"""Statements about sessions. Ended ones are gone: there is no state to forget to check."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.domain import SESSION_IDLE, Account, Session
from users_service.store.accounts import account_from
from users_service.tables import AccountRow, SessionRow


async def add(session: AsyncSession, started: Session, *, token_hash: bytes) -> None:
    await session.execute(
        insert(SessionRow).values(
            id=started.id,
            token_hash=token_hash,
            account_id=started.account_id,
            created_at=started.created_at,
            last_seen_at=started.last_seen_at,
            expires_at=started.expires_at,
            device=started.device,
            address=started.address,
        )
    )


async def find(session: AsyncSession, token_hash: bytes) -> tuple[Session, Account] | None:
    query = (
        select(SessionRow, AccountRow)
        .join(AccountRow, AccountRow.id == SessionRow.account_id)
        .where(SessionRow.token_hash == token_hash)
    )
    found = (await session.execute(query)).one_or_none()
    return None if found is None else (_session(found[0]), account_from(found[1]))


async def touch(session: AsyncSession, touched: Session, *, now: datetime) -> Session:
    seen = update(SessionRow).where(SessionRow.id == touched.id).values(last_seen_at=now)
    await session.execute(seen)
    return replace(touched, last_seen_at=now)


async def end(session: AsyncSession, token_hash: bytes) -> UUID | None:
    """The account whose session it was; None if there was none."""
    ended = delete(SessionRow).where(SessionRow.token_hash == token_hash)
    return await session.scalar(ended.returning(SessionRow.account_id))


async def end_all_of(session: AsyncSession, account_id: UUID) -> None:
    await session.execute(delete(SessionRow).where(SessionRow.account_id == account_id))


async def forget_dead(session: AsyncSession, *, now: datetime) -> None:
    idle_since = now - SESSION_IDLE
    await session.execute(
        delete(SessionRow).where(
            or_(SessionRow.expires_at <= now, SessionRow.last_seen_at <= idle_since)
        )
    )


def _session(row: SessionRow) -> Session:
    return Session(
        id=row.id,
        account_id=row.account_id,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        device=row.device,
        address=row.address,
    )
