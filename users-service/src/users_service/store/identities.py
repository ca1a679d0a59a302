"""Statements about external identities: each (issuer, subject) belongs to one account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.domain.accounts import LOCAL, username_key
from users_service.tables import AccountRow, IdentityRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedIdentity:
    """Who an account is to a provider."""

    issuer: str
    subject: str
    linked_at: datetime


async def link(
    session: AsyncSession, account_id: UUID, issuer: str, subject: str, *, now: datetime
) -> bool:
    """Link the identity; False if it is linked already, to this account or another."""
    row = {"provider": issuer, "subject": subject, "account_id": account_id, "created_at": now}
    linked = postgresql.insert(IdentityRow).values(**row).on_conflict_do_nothing()
    return await session.scalar(linked.returning(IdentityRow.account_id)) is not None


async def unlink(session: AsyncSession, account_id: UUID, issuer: str) -> bool:
    """Delete the account's identities with the provider; False if it had none."""
    unlinked = delete(IdentityRow).where(
        IdentityRow.account_id == account_id, IdentityRow.provider == issuer
    )
    found = await session.scalars(unlinked.returning(IdentityRow.subject))
    return bool(found.all())


async def of_account(session: AsyncSession, account_id: UUID) -> list[LinkedIdentity]:
    """Return the identities with OpenID providers and GitHub, the first linked first."""
    # An issuer is an address; other providers are names that the original was told.
    query = select(IdentityRow).where(
        IdentityRow.account_id == account_id, IdentityRow.provider.startswith("http")
    )
    rows = await session.scalars(query.order_by(IdentityRow.created_at, IdentityRow.subject))
    return [
        LinkedIdentity(issuer=row.provider, subject=row.subject, linked_at=row.created_at)
        for row in rows
    ]


async def add_account(
    session: AsyncSession, account_id: UUID, username: str, name: str | None, *, now: datetime
) -> bool:
    """Add an editor's account without a password; False if the name is taken."""
    row = {
        "id": account_id,
        "username": username,
        "username_key": username_key(username),
        "name": name,
        "roles": ["editor"],
        "created_at": now,
        "updated_at": now,
    }
    added = postgresql.insert(AccountRow).values(**row).on_conflict_do_nothing()
    if await session.scalar(added.returning(AccountRow.id)) is None:
        return False
    local = {"provider": LOCAL, "subject": username, "account_id": account_id}
    await session.execute(insert(IdentityRow).values(**local, created_at=now))
    return True
