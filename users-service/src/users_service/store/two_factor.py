"""Statements about second factors: authenticator apps and recovery codes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.domain.two_factor import Totp
from users_service.tables import PasskeyRow, RecoveryCodeRow, TotpRow


async def totp(session: AsyncSession, account_id: UUID) -> Totp | None:
    """Return the account's app, confirmed or not; None if there is none."""
    row = await session.scalar(select(TotpRow).where(TotpRow.account_id == account_id))
    if row is None:
        return None
    return Totp(
        account_id=account_id, encrypted_secret=row.secret, confirmed_at=row.confirmed_at
    )


async def begin_totp(session: AsyncSession, account_id: UUID, encrypted_secret: bytes) -> None:
    """Store the secret of an app, in place of one that was never confirmed."""
    await session.execute(
        delete(TotpRow).where(TotpRow.account_id == account_id, TotpRow.confirmed_at.is_(None))
    )
    row = insert(TotpRow).values(account_id=account_id, secret=encrypted_secret, last_step=0)
    await session.execute(row)


async def use_step(session: AsyncSession, account_id: UUID, step: int) -> bool:
    """Use the half minute up; False if it, or a later one, was used already (RFC 6238 5.2)."""
    used = (
        update(TotpRow)
        .where(TotpRow.account_id == account_id, TotpRow.last_step < step)
        .values(last_step=step)
    )
    return await session.scalar(used.returning(TotpRow.account_id)) is not None


async def confirm_totp(session: AsyncSession, account_id: UUID, *, now: datetime) -> None:
    """Turn two-step sign-in on."""
    row = update(TotpRow).where(TotpRow.account_id == account_id)
    await session.execute(row.values(confirmed_at=now))


async def remove(session: AsyncSession, account_id: UUID) -> bool:
    """Delete the app and its recovery codes; False if there was no app."""
    await replace_recovery_codes(session, account_id, [])
    removed = delete(TotpRow).where(TotpRow.account_id == account_id)
    return await session.scalar(removed.returning(TotpRow.account_id)) is not None


async def replace_recovery_codes(
    session: AsyncSession, account_id: UUID, hashes: Sequence[bytes]
) -> None:
    """Delete all recovery codes and store these; an empty list leaves none."""
    theirs = RecoveryCodeRow.account_id == account_id
    await session.execute(delete(RecoveryCodeRow).where(theirs))
    if hashes:
        rows = [{"code_hash": each, "account_id": account_id} for each in hashes]
        await session.execute(insert(RecoveryCodeRow), rows)


async def use_recovery_code(session: AsyncSession, account_id: UUID, code_hash: bytes) -> bool:
    """Use the code up; False if it is unknown or was used already."""
    used = delete(RecoveryCodeRow).where(
        RecoveryCodeRow.account_id == account_id, RecoveryCodeRow.code_hash == code_hash
    )
    return await session.scalar(used.returning(RecoveryCodeRow.account_id)) is not None


async def count_recovery_codes(session: AsyncSession, account_id: UUID) -> int:
    """Return how many recovery codes are left."""
    query = select(func.count()).where(RecoveryCodeRow.account_id == account_id)
    return await session.scalar(query) or 0


async def count_passkeys(session: AsyncSession, account_id: UUID) -> int:
    """Return how many passkeys the account has: each can do the second step."""
    query = select(func.count()).where(PasskeyRow.account_id == account_id)
    return await session.scalar(query) or 0
