"""Statements about one-time links that set a new password."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.domain.accounts import Account
from users_service.store.accounts_by_username import account_from
from users_service.tables import AccountRow, ResetLinkRow


async def add(
    session: AsyncSession,
    account_id: UUID,
    *,
    secret_hash: bytes,
    now: datetime,
    expires_at: datetime,
    by_mail: bool = False,
) -> None:
    """Store a link, which replaces the account's earlier ones unless it goes out by mail.

    Anyone can ask for a mailed one, and must not make the link worthless that was sent.
    """
    if not by_mail:
        await forget_of(session, account_id)
    await session.execute(
        insert(ResetLinkRow).values(
            secret_hash=secret_hash,
            account_id=account_id,
            by_mail=by_mail,
            created_at=now,
            expires_at=expires_at,
        )
    )


async def account_of(
    session: AsyncSession, secret_hash: bytes, *, now: datetime
) -> Account | None:
    """Return the account of a link that can still be used, without using it up."""
    query = (
        select(AccountRow)
        .join(ResetLinkRow, ResetLinkRow.account_id == AccountRow.id)
        .where(ResetLinkRow.secret_hash == secret_hash, ResetLinkRow.expires_at > now)
    )
    row = await session.scalar(query)
    return None if row is None else account_from(row)


async def was_mailed(session: AsyncSession, account_id: UUID, *, since: datetime) -> bool:
    """Whether a link was mailed after `since` and has not been used."""
    query = select(ResetLinkRow.secret_hash).where(
        ResetLinkRow.account_id == account_id,
        ResetLinkRow.by_mail,
        ResetLinkRow.created_at > since,
    )
    return await session.scalar(query.limit(1)) is not None


async def use(session: AsyncSession, secret_hash: bytes, *, now: datetime) -> bool:
    """Use the link up; False if it is unknown, used or expired."""
    used = delete(ResetLinkRow).where(
        ResetLinkRow.secret_hash == secret_hash, ResetLinkRow.expires_at > now
    )
    return await session.scalar(used.returning(ResetLinkRow.account_id)) is not None


async def forget_of(session: AsyncSession, account_id: UUID) -> None:
    """Delete all links of the account, mailed or not."""
    await session.execute(delete(ResetLinkRow).where(ResetLinkRow.account_id == account_id))


async def forget_dead(session: AsyncSession, *, now: datetime) -> None:
    """Delete the links that have expired."""
    await session.execute(delete(ResetLinkRow).where(ResetLinkRow.expires_at <= now))
