"""Statements about passkeys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.domain.two_factor import Passkey
from users_service.tables import PasskeyRow


async def add(session: AsyncSession, made: Passkey) -> None:
    """Insert the passkey; IntegrityError if its credential id is registered already."""
    await session.execute(
        insert(PasskeyRow).values(
            id=made.id,
            account_id=made.account_id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            name=made.name,
            transports=list(made.transports),
            is_backed_up=made.is_backed_up,
            created_at=made.created_at,
        )
    )


async def of_account(session: AsyncSession, account_id: UUID) -> list[Passkey]:
    """Return the account's passkeys, the oldest first."""
    query = select(PasskeyRow).where(PasskeyRow.account_id == account_id)
    rows = await session.scalars(query.order_by(PasskeyRow.created_at, PasskeyRow.id))
    return [_passkey(row) for row in rows]


async def owner(session: AsyncSession, credential_id: bytes) -> UUID | None:
    """Return the account of the credential, or None if it is unknown here."""
    query = select(PasskeyRow.account_id).where(PasskeyRow.credential_id == credential_id)
    return await session.scalar(query)


async def lock(session: AsyncSession, credential_id: bytes) -> Passkey | None:
    """Return the passkey, locked until the transaction ends: one counter cannot serve twice."""
    query = select(PasskeyRow).where(PasskeyRow.credential_id == credential_id)
    row = await session.scalar(query.with_for_update())
    return None if row is None else _passkey(row)


async def used(
    session: AsyncSession,
    passkey_id: UUID,
    *,
    sign_count: int,
    is_backed_up: bool,
    now: datetime,
) -> None:
    """Store the new signature counter, and that the passkey was used."""
    row = update(PasskeyRow).where(PasskeyRow.id == passkey_id)
    seen = {"sign_count": sign_count, "is_backed_up": is_backed_up, "last_used_at": now}
    await session.execute(row.values(**seen))


async def rename(
    session: AsyncSession, passkey_id: UUID, account_id: UUID, name: str
) -> Passkey | None:
    """Rename the passkey and return it; None if the account has no such passkey."""
    renamed = update(PasskeyRow).where(
        PasskeyRow.id == passkey_id, PasskeyRow.account_id == account_id
    )
    row = await session.scalar(renamed.values(name=name).returning(PasskeyRow))
    return None if row is None else _passkey(row)


async def remove(session: AsyncSession, passkey_id: UUID, account_id: UUID) -> bool:
    """Delete the passkey; False if the account has no such passkey."""
    removed = delete(PasskeyRow).where(
        PasskeyRow.id == passkey_id, PasskeyRow.account_id == account_id
    )
    return await session.scalar(removed.returning(PasskeyRow.id)) is not None


def _passkey(row: PasskeyRow) -> Passkey:
    return Passkey(
        id=row.id,
        account_id=row.account_id,
        credential_id=row.credential_id,
        public_key=row.public_key,
        sign_count=row.sign_count,
        name=row.name,
        transports=tuple(row.transports),
        is_backed_up=row.is_backed_up,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
