"""Statements about personal API tokens; revoked ones are deleted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.domain.accounts import Account
from users_service.domain.api_tokens import ApiToken
from users_service.store import session_ends
from users_service.store.accounts_by_username import account_from
from users_service.tables import AccountRow, ApiTokenRow


async def add(session: AsyncSession, made: ApiToken, *, token_hash: bytes) -> None:
    """Insert the token; only the SHA-256 of its secret is stored."""
    await session.execute(
        insert(ApiTokenRow).values(
            id=made.id,
            token_hash=token_hash,
            account_id=made.account_id,
            name=made.name,
            prefix=made.prefix,
            scopes=list(made.scopes),
            created_at=made.created_at,
            expires_at=made.expires_at,
        )
    )


async def count(session: AsyncSession, account_id: UUID) -> int:
    """Return the number of tokens, with the account locked: two at once pass no limit."""
    await session.execute(
        select(AccountRow.id).where(AccountRow.id == account_id).with_for_update()
    )
    theirs = select(func.count()).where(ApiTokenRow.account_id == account_id)
    return await session.scalar(theirs) or 0


async def of_account(session: AsyncSession, account_id: UUID) -> list[ApiToken]:
    """Return the account's tokens, the oldest first, expired ones included."""
    query = select(ApiTokenRow).where(ApiTokenRow.account_id == account_id)
    rows = await session.scalars(query.order_by(ApiTokenRow.created_at, ApiTokenRow.id))
    return [_api_token(row) for row in rows]


async def find(session: AsyncSession, token_hash: bytes) -> tuple[ApiToken, Account] | None:
    """Return token and owner, whether or not the one is expired and the other disabled."""
    query = (
        select(ApiTokenRow, AccountRow)
        .join(AccountRow, AccountRow.id == ApiTokenRow.account_id)
        .where(ApiTokenRow.token_hash == token_hash)
    )
    found = (await session.execute(query)).one_or_none()
    return None if found is None else (_api_token(found[0]), account_from(found[1]))


async def touch(
    session: AsyncSession, token_id: UUID, *, address: str | None, now: datetime
) -> None:
    """Store when and from where the token was used last."""
    used = update(ApiTokenRow).where(ApiTokenRow.id == token_id)
    await session.execute(used.values(last_used_at=now, last_used_from=address))


async def revoke(
    session: AsyncSession, token_id: UUID, account_id: UUID, *, now: datetime
) -> str | None:
    """Delete the token and announce its end to the gateway; return its name, or None.

    None: the account has no such token.
    """
    revoked = delete(ApiTokenRow).where(
        ApiTokenRow.id == token_id, ApiTokenRow.account_id == account_id
    )
    name: str | None = await session.scalar(revoked.returning(ApiTokenRow.name))
    if name is not None:
        await session_ends.announce(session, account_id, token_id, now=now)
    return name


def _api_token(row: ApiTokenRow) -> ApiToken:
    return ApiToken(
        id=row.id,
        account_id=row.account_id,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        last_used_from=row.last_used_from,
    )
