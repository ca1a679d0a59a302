"""Statements about accounts by id, for their owners and for administrators."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, String, cast, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.domain.accounts import ADMIN, Account, AccountOverview, username_key
from users_service.domain.errors import AccountNotFound, LastAdministrator
from users_service.store.accounts_by_username import account_from, forget_mailed_links
from users_service.tables import AccountRow, IdentityRow, SessionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFilter:
    """Which accounts a list shows; a field of None filters nothing."""

    text: str | None = None
    username: str | None = None
    role: str | None = None
    disabled: bool | None = None


async def by_id(session: AsyncSession, account_id: UUID, *, lock: bool = False) -> Account:
    """Return the account, locked until the transaction ends if asked; raise AccountNotFound."""
    return account_from(await _row(session, account_id, lock=lock))


async def hold(session: AsyncSession, known: Account) -> Account | None:
    """Lock the account until the transaction ends, and read it again.

    None if it changed since it was read: what was checked before a wait (for a hash, Redis or a
    provider) must open nothing then. A new password, disabling and ending all sessions raise
    the generation that is compared.
    """
    try:
        held = await by_id(session, known.id, lock=True)
    except AccountNotFound:
        return None
    return held if held.may_sign_in and held.generation == known.generation else None


async def password_hash(session: AsyncSession, account_id: UUID) -> str | None:
    """Return the hash, or None for an account without a password; raise AccountNotFound."""
    return (await _row(session, account_id)).password_hash


async def overview(session: AsyncSession, account_id: UUID) -> AccountOverview:
    """Return the account with its number of sessions; raise AccountNotFound."""
    found = (
        await session.execute(_overviews().where(AccountRow.id == account_id))
    ).one_or_none()
    if found is None:
        raise AccountNotFound(str(account_id))
    return _overview(found)


async def listed(
    session: AsyncSession, wanted: AccountFilter, *, after: str | None, limit: int
) -> list[AccountOverview]:
    """Return accounts by name; `after` is the name key of the last one on the page before."""
    query = _overviews().order_by(AccountRow.username_key).limit(limit)
    if after is not None:
        query = query.where(AccountRow.username_key > after)
    if wanted.text:
        columns = (AccountRow.username, AccountRow.name, cast(AccountRow.emails, String))
        query = query.where(
            or_(*(each.icontains(wanted.text, autoescape=True) for each in columns))
        )
    if wanted.username is not None:
        query = query.where(AccountRow.username_key == username_key(wanted.username))
    if wanted.role is not None:
        query = query.where(AccountRow.roles.any_() == wanted.role)
    if wanted.disabled is not None:
        query = query.where(AccountRow.disabled_at.is_not(None) == wanted.disabled)
    return [_overview(row) for row in await session.execute(query)]


async def change(
    session: AsyncSession, account_id: UUID, *, columns: Mapping[str, Any], now: datetime
) -> Account:
    """Set the columns and `updated_at`, and return the account; raise AccountNotFound.

    A change of address also deletes the reset links that were mailed.
    """
    row = await _row(session, account_id, lock=True)
    for column, value in columns.items():
        setattr(row, column, value)
    row.updated_at = now
    await session.flush()
    if not columns.keys().isdisjoint({"emails", "verified_email"}):
        await forget_mailed_links(session, account_id)
    return account_from(row)


async def remove(session: AsyncSession, account_id: UUID) -> None:
    """Delete the account with all it signs in with; nothing happens if it is gone already."""
    await session.execute(delete(AccountRow).where(AccountRow.id == account_id))


async def keep_an_administrator(session: AsyncSession, without: UUID) -> None:
    """Raise LastAdministrator if no other administrator can sign in.

    Locks the rows of all administrators until the transaction ends.
    """
    others = select(AccountRow.id).where(
        AccountRow.roles.any_() == ADMIN, AccountRow.disabled_at.is_(None)
    )
    # All of them, in one order: two administrators cannot remove each other at once.
    locked = await session.scalars(others.order_by(AccountRow.id).with_for_update())
    admins = set(locked)
    if admins == {without}:
        raise LastAdministrator


async def identities(session: AsyncSession, account_id: UUID) -> list[IdentityRow]:
    """Return all identities, the oldest first, those with no OpenID provider included."""
    query = select(IdentityRow).where(IdentityRow.account_id == account_id)
    return list(await session.scalars(query.order_by(IdentityRow.created_at)))


async def known_as(session: AsyncSession, wanted: str, *, limit: int) -> list[Account]:
    """Return the enabled accounts with this username or verified address, locked."""
    is_theirs = or_(
        AccountRow.username_key == username_key(wanted),
        func.lower(AccountRow.verified_email) == func.lower(wanted),
    )
    query = select(AccountRow).where(is_theirs, AccountRow.disabled_at.is_(None))
    in_order = query.order_by(AccountRow.id).limit(limit)
    return [account_from(row) for row in await session.scalars(in_order.with_for_update())]


def _overviews() -> Select[AccountRow, int, datetime | None]:
    theirs = SessionRow.account_id == AccountRow.id
    count = select(func.count()).where(theirs).correlate(AccountRow).scalar_subquery()
    seen = select(func.max(SessionRow.last_seen_at)).where(theirs).correlate(AccountRow)
    return select(AccountRow, count, seen.scalar_subquery())


def _overview(found: Row[AccountRow, int, datetime | None]) -> AccountOverview:
    row, count, seen = found
    return AccountOverview(
        account=account_from(row),
        created_at=row.created_at,
        has_password=row.password_hash is not None,
        sessions=count,
        last_seen_at=seen,
    )


async def _row(session: AsyncSession, account_id: UUID, *, lock: bool = False) -> AccountRow:
    query = select(AccountRow).where(AccountRow.id == account_id)
    if lock:
        # As it reads now, whatever this transaction read of it before it waited.
        query = query.with_for_update().execution_options(populate_existing=True)
    row = await session.scalar(query)
    if row is None:
        raise AccountNotFound(str(account_id))
    return row
