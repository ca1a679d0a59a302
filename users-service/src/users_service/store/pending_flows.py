"""Statements about flows that somebody began and has not finished: kept for minutes, used once.

The person holds a secret; what it stands for, and what they must not choose, lies here.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from users_service.domain.accounts import Account
from users_service.store import accounts_by_id
from users_service.tables import PendingFlowRow, ResetLinkRow


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
        insert(PendingFlowRow).values(
            secret_hash=secret_hash,
            kind=kind,
            account_id=account_id,
            facts=dict(facts),
            expires_at=expires_at,
        )
    )


async def find(
    session: AsyncSession, kind: str, secret_hash: bytes, *, now: datetime
) -> PendingFlowRow | None:
    query = select(PendingFlowRow).where(
        PendingFlowRow.secret_hash == secret_hash,
        PendingFlowRow.kind == kind,
        PendingFlowRow.expires_at > now,
    )
    return await session.scalar(query)


async def finish(
    session: AsyncSession, kind: str, secret_hash: bytes, *, now: datetime
) -> PendingFlowRow | None:
    """Take the pending flow; None if it was already used."""
    finished = delete(PendingFlowRow).where(
        PendingFlowRow.secret_hash == secret_hash,
        PendingFlowRow.kind == kind,
        PendingFlowRow.expires_at > now,
    )
    return await session.scalar(finished.returning(PendingFlowRow))


async def hold(
    session: AsyncSession, kind: str, secret_hash: bytes, *, now: datetime
) -> tuple[PendingFlowRow, Account] | None:
    """Take the pending flow, with its account locked until the transaction ends.

    The account comes first: who ends what was begun holds it, and waits for the rest.
    """
    begun = await find(session, kind, secret_hash, now=now)
    if begun is None or begun.account_id is None:
        return None
    account = await accounts_by_id.by_id(session, begun.account_id, lock=True)
    finished = await finish(session, kind, secret_hash, now=now)
    return None if finished is None else (finished, account)


async def end_of(session: AsyncSession, account_id: UUID) -> None:
    """Whatever was begun under the account's old credentials: steps, links, flows."""
    for table in (PendingFlowRow, ResetLinkRow):
        await session.execute(delete(table).where(table.account_id == account_id))


async def forget_dead(session: AsyncSession, *, now: datetime) -> None:
    await session.execute(delete(PendingFlowRow).where(PendingFlowRow.expires_at <= now))
