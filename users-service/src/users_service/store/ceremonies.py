"""Statements about what somebody began and has not finished: kept here, for minutes, once.

The person holds a secret; what it stands for, and what they must not choose, lies here.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.tables import CeremonyRow


async def begin(
    session: AsyncSession,
    kind: str,
    *,
    secret_hash: bytes,
    account_id: UUID | None,
    facts: Mapping[str, Any],
    expires_at: datetime,
) -> None:
    await session.execute(
        insert(CeremonyRow).values(
            secret_hash=secret_hash,
            kind=kind,
            account_id=account_id,
            facts=dict(facts),
            expires_at=expires_at,
        )
    )


async def find(
    session: AsyncSession, kind: str, secret_hash: bytes, *, now: datetime
) -> CeremonyRow | None:
    query = select(CeremonyRow).where(
        CeremonyRow.secret_hash == secret_hash,
        CeremonyRow.kind == kind,
        CeremonyRow.expires_at > now,
    )
    return await session.scalar(query)


async def finish(
    session: AsyncSession, kind: str, secret_hash: bytes, *, now: datetime
) -> CeremonyRow | None:
    """It, once: whoever comes second gets None."""
    finished = delete(CeremonyRow).where(
        CeremonyRow.secret_hash == secret_hash,
        CeremonyRow.kind == kind,
        CeremonyRow.expires_at > now,
    )
    return await session.scalar(finished.returning(CeremonyRow))


async def forget_dead(session: AsyncSession, *, now: datetime) -> None:
    await session.execute(delete(CeremonyRow).where(CeremonyRow.expires_at <= now))
