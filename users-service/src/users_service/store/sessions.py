"""Statements about sessions; ended ones are deleted, so that no query can forget to check.

A function that ends a session before its time announces that in the same transaction.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.domain.accounts import Account
from users_service.domain.principals import Principal
from users_service.domain.sessions import SESSION_IDLE, Session
from users_service.domain.sign_in_errors import SessionEnded
from users_service.store import pending_flows, session_ends
from users_service.store.accounts_by_username import account_from
from users_service.tables import AccountRow, SessionRow


async def add(session: AsyncSession, started: Session, *, token_hash: bytes) -> None:
    """Insert a session; only the SHA-256 of its secret is stored."""
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
            reauthenticated_at=started.reauthenticated_at,
        )
    )


async def find(session: AsyncSession, token_hash: bytes) -> tuple[Session, Account] | None:
    """Return session and account, whether or not the one ran out and the other is disabled."""
    query = (
        select(SessionRow, AccountRow)
        .join(AccountRow, AccountRow.id == SessionRow.account_id)
        .where(SessionRow.token_hash == token_hash)
    )
    found = (await session.execute(query)).one_or_none()
    return None if found is None else (_session(found[0]), account_from(found[1]))


async def hold(session: AsyncSession, by: Principal) -> None:
    """Lock the principal's account until the transaction ends; raise SessionEnded.

    It is raised if their session ended since the request began: for acts on one's own account,
    which wait for a hash, a limit or a provider. A program has no session, and locks nothing.
    """
    if by.session_id is None:
        return
    own = select(AccountRow.id).where(AccountRow.id == by.account_id)
    await session.execute(own.with_for_update())
    query = select(SessionRow.id).where(SessionRow.id == by.session_id)
    if await session.scalar(query) is None:
        raise SessionEnded


async def touch(session: AsyncSession, touched: Session, *, now: datetime) -> Session:
    """Store that the session was used now, and return it so."""
    seen = update(SessionRow).where(SessionRow.id == touched.id).values(last_seen_at=now)
    await session.execute(seen)
    return replace(touched, last_seen_at=now)


async def of_account(session: AsyncSession, account_id: UUID) -> list[Session]:
    """Return the account's sessions, the last used first; some may have run out."""
    query = select(SessionRow).where(SessionRow.account_id == account_id)
    rows = await session.scalars(query.order_by(SessionRow.last_seen_at.desc(), SessionRow.id))
    return [_session(row) for row in rows]


async def renew(session: AsyncSession, renewed_session: Session, *, now: datetime) -> Session:
    """Mark the session as just authenticated; raise SessionEnded if it ended meanwhile."""
    fresh = update(SessionRow).where(SessionRow.id == renewed_session.id)
    renewed = fresh.values(reauthenticated_at=now, last_seen_at=now).returning(SessionRow.id)
    if await session.scalar(renewed) is None:
        raise SessionEnded
    return replace(renewed_session, reauthenticated_at=now, last_seen_at=now)


async def end(
    session: AsyncSession, session_id: UUID, account_id: UUID, *, now: datetime
) -> bool:
    """End the session and announce it; False if the account has no such session."""
    ended = delete(SessionRow).where(
        SessionRow.id == session_id, SessionRow.account_id == account_id
    )
    if await session.scalar(ended.returning(SessionRow.id)) is None:
        return False
    await session_ends.announce(session, account_id, session_id, now=now)
    return True


async def end_others(session: AsyncSession, kept: Session, *, now: datetime) -> int:
    """End the account's other sessions, announce each, and return how many they were."""
    others = delete(SessionRow).where(
        SessionRow.account_id == kept.account_id, SessionRow.id != kept.id
    )
    ended = (await session.scalars(others.returning(SessionRow.id))).all()
    for session_id in ended:
        await session_ends.announce(session, kept.account_id, session_id, now=now)
    return len(ended)


async def end_all_of(session: AsyncSession, account_id: UUID, *, now: datetime) -> None:
    """End all sessions, pending flows and reset links of the account, and all its tokens.

    Announced even where there was no session, for there may be API tokens. The generation is
    raised first, which waits for whoever holds the account: a session that they are creating is
    then seen and ended, too.
    """
    counted = update(AccountRow).where(AccountRow.id == account_id)
    generation = await session.scalar(
        counted.values(generation=AccountRow.generation + 1).returning(AccountRow.generation),
        execution_options={"synchronize_session": False},
    )
    await session.execute(delete(SessionRow).where(SessionRow.account_id == account_id))
    await pending_flows.end_of(session, account_id)
    await session_ends.announce(session, account_id, None, generation=generation, now=now)


async def forget_dead(session: AsyncSession, *, now: datetime) -> None:
    """Delete sessions that have run out; nobody is told, for their tokens ended before."""
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
        reauthenticated_at=row.reauthenticated_at,
    )
