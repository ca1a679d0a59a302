"""Statements about invitations and about the first administrator."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.tables import InvitationRow, SetupRow


async def is_set_up(session: AsyncSession) -> bool:
    """Whether there has ever been a first administrator, even if the account is gone."""
    return await session.scalar(select(SetupRow.id)) is not None


async def claim_setup(session: AsyncSession, account_id: UUID, *, now: datetime) -> bool:
    """Make the account the first administrator: True for exactly one account, ever.

    A second transaction waits for the first one to end, and gets False if it commits.
    """
    claim = postgresql.insert(SetupRow).values(id=1, account_id=account_id, done_at=now)
    won = await session.scalar(claim.on_conflict_do_nothing().returning(SetupRow.id))
    return won is not None


async def add(
    session: AsyncSession,
    invitation_id: UUID,
    *,
    code_hash: bytes,
    roles: Sequence[str],
    created_by: UUID | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Insert an invitation; only the SHA-256 of its code is stored."""
    await session.execute(
        insert(InvitationRow).values(
            id=invitation_id,
            code_hash=code_hash,
            roles=list(roles),
            created_at=now,
            created_by=created_by,
            expires_at=expires_at,
        )
    )


async def all_open(session: AsyncSession, *, now: datetime) -> list[InvitationRow]:
    """Return the invitations that can still be used, the oldest first."""
    query = select(InvitationRow).where(
        InvitationRow.used_at.is_(None), InvitationRow.expires_at > now
    )
    return list(await session.scalars(query.order_by(InvitationRow.created_at)))


async def revoke(session: AsyncSession, invitation_id: UUID, *, now: datetime) -> bool:
    """Delete an open invitation; False if there is none of this id."""
    revoked = delete(InvitationRow).where(
        InvitationRow.id == invitation_id,
        InvitationRow.used_at.is_(None),
        InvitationRow.expires_at > now,
    )
    return await session.scalar(revoked.returning(InvitationRow.id)) is not None


async def is_open(session: AsyncSession, code_hash: bytes, *, now: datetime) -> bool:
    """Whether the code could be used now: it may be used up by the time `use` asks."""
    query = select(InvitationRow.id).where(_still_open(code_hash, now))
    return await session.scalar(query) is not None


async def use(
    session: AsyncSession, code_hash: bytes, *, by: UUID, now: datetime
) -> list[str] | None:
    """Use the invitation up and return its roles; None if it is unknown, used or expired."""
    used = (
        update(InvitationRow).where(_still_open(code_hash, now)).values(used_at=now, used_by=by)
    )
    return await session.scalar(used.returning(InvitationRow.roles))


def _still_open(code_hash: bytes, now: datetime) -> ColumnElement[bool]:
    return (
        (InvitationRow.code_hash == code_hash)
        & InvitationRow.used_at.is_(None)
        & (InvitationRow.expires_at > now)
    )
