"""Statements about accounts by username or identity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.domain.accounts import Account, identity_provider, username_key
from users_service.domain.errors import AccountNotFound, OtherProvider, UsernameTaken
from users_service.tables import AccountRow, IdentityRow, ResetLinkRow

_NOTHING_GIVEN: Mapping[str, Any] = {
    "password_hash": None,
    "name": None,
    "provider": None,
    "family_name": None,
    "given_name": None,
    "middle_name": None,
    "emails": None,
    "photos": None,
}


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """What a password is checked against, and what every check has to cost."""

    account: Account | None
    password_hash: str | None
    legacy_cost: int | None
    """The highest cost of the bcrypt hashes that are left; None once there are none."""


async def add(
    session: AsyncSession,
    account_id: UUID,
    username: str,
    *,
    columns: Mapping[str, Any],
    roles: Sequence[str],
    now: datetime,
) -> Account:
    """Add and flush an account with its identity; raise UsernameTaken if a like name exists."""
    row = AccountRow(
        id=account_id,
        username=username,
        username_key=username_key(username),
        roles=list(roles),
        created_at=now,
        updated_at=now,
        **{**_NOTHING_GIVEN, **columns},
    )
    identity = IdentityRow(
        provider=identity_provider(columns),
        subject=username,
        account_id=account_id,
        created_at=now,
    )
    try:
        session.add(row)
        await session.flush()
        session.add(identity)
        await session.flush()
    except IntegrityError as error:
        raise UsernameTaken(username) from error
    return account_from(row)


async def named(session: AsyncSession, username: str) -> Account:
    """Return the account of exactly this name, with its case; raise AccountNotFound."""
    return account_from(await _row(session, username))


async def of_identity(session: AsyncSession, provider: str, subject: str) -> Account | None:
    """Return the account of (provider, subject), be it disabled; None if there is none."""
    query = (
        select(AccountRow)
        .join(IdentityRow, IdentityRow.account_id == AccountRow.id)
        .where(IdentityRow.provider == provider, IdentityRow.subject == subject)
    )
    row = await session.scalar(query)
    return None if row is None else account_from(row)


async def everyone(session: AsyncSession) -> list[Account]:
    """Return all accounts, the oldest first, disabled ones included."""
    in_order = select(AccountRow).order_by(AccountRow.created_at, AccountRow.username)
    rows = await session.scalars(in_order)
    return [account_from(row) for row in rows]


async def change(
    session: AsyncSession,
    username: str,
    *,
    columns: Mapping[str, Any],
    now: datetime,
) -> Account:
    """Set the columns and leave the rest; a new provider moves the identity to it.

    Raises AccountNotFound, or OtherProvider if that identity exists. A verified address that is
    no longer listed counts as unverified.
    """
    row = await _row(session, username, lock=True)
    before = identity_provider({"provider": row.provider})
    for column, value in columns.items():
        setattr(row, column, value)
    if row.verified_email not in (row.emails or ()):
        row.verified_email = None
    if "emails" in columns:
        await forget_mailed_links(session, row.id)
    row.updated_at = now
    after = identity_provider({"provider": row.provider})
    if before != after:
        moved = update(IdentityRow).where(
            IdentityRow.provider == before, IdentityRow.account_id == row.id
        )
        try:
            await session.execute(moved.values(provider=after))
        except IntegrityError as error:
            raise OtherProvider(username) from error
    return account_from(row)


async def stored_password(
    session: AsyncSession, username: str, *, exactly: bool
) -> StoredPassword:
    """Return what to check a password against; one statement, even for an unknown name."""
    legacy = (
        select(func.max(func.substr(AccountRow.password_hash, 5, 2)))
        # A literal, as in the partial index: a parameter could not be matched with it.
        .where(text("password_hash LIKE '$2%'"))
        .scalar_subquery()
    )
    cost = select(legacy.label("cost")).subquery()
    query = select(AccountRow, cost.c.cost).select_from(cost)
    found = (
        await session.execute(query.outerjoin(AccountRow, _named(username, exactly)))
    ).one()
    row, highest = found
    legacy_cost = None if highest is None else int(highest)
    if row is None:
        return StoredPassword(None, None, legacy_cost)
    return StoredPassword(account_from(row), row.password_hash, legacy_cost)


async def replace_hash(session: AsyncSession, account_id: UUID, *, old: str, new: str) -> None:
    """Store `new` only where `old` still stands: a password changed meanwhile stays changed."""
    await session.execute(
        update(AccountRow)
        .where(AccountRow.id == account_id, AccountRow.password_hash == old)
        .values(password_hash=new)
    )


async def forget_mailed_links(session: AsyncSession, account_id: UUID) -> None:
    """Delete reset links that were mailed: the mailbox may be the account's no more."""
    mailed = delete(ResetLinkRow).where(ResetLinkRow.account_id == account_id)
    await session.execute(mailed.where(ResetLinkRow.by_mail))


async def set_roles(session: AsyncSession, account_id: UUID, roles: Sequence[str]) -> Account:
    """Replace all roles of an account that exists, and flush."""
    row = await session.get_one(AccountRow, account_id)
    row.roles = list(roles)
    await session.flush()
    return account_from(row)


async def _row(session: AsyncSession, username: str, *, lock: bool = False) -> AccountRow:
    query = select(AccountRow).where(_named(username, exactly=True))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = await session.scalar(query)
    if row is None:
        raise AccountNotFound(username)
    return row


def _named(username: str, exactly: bool) -> ColumnElement[bool]:
    if exactly:
        return AccountRow.username == username
    return AccountRow.username_key == username_key(username)


def account_from(row: AccountRow) -> Account:
    """Return the row as an account, without its password hash."""
    return Account(
        id=row.id,
        username=row.username,
        name=row.name,
        provider=row.provider,
        family_name=row.family_name,
        given_name=row.given_name,
        middle_name=row.middle_name,
        emails=row.emails,
        photos=row.photos,
        roles=tuple(row.roles),
        disabled_at=row.disabled_at,
        verified_email=row.verified_email,
        generation=row.generation,
    )
