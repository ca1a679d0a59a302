"""Statements about flows that were begun and not finished: kept for minutes, used once.

The person holds a secret; the facts it stands for, which they must not choose, are here.
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
    """Store a flow under the hash of its secret; `kind` must be the same at its end."""
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
    """Return the flow, not used up; None if unknown, used, expired or of another kind."""
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

    The account is locked first: whoever ends all flows of an account holds it, too. None if the
    flow has no account, or was already used.
    """
    begun = await find(session, kind, secret_hash, now=now)
    if begun is None or begun.account_id is None:
        return None
    account = await accounts_by_id.by_id(session, begun.account_id, lock=True)
    finished = await finish(session, kind, secret_hash, now=now)
    return None if finished is None else (finished, account)


async def end_of(session: AsyncSession, account_id: UUID) -> None:
    """Delete every pending flow and reset link of the account."""
    for table in (PendingFlowRow, ResetLinkRow):
        await session.execute(delete(table).where(table.account_id == account_id))


async def forget_dead(session: AsyncSession, *, now: datetime) -> None:
    """Delete the flows that have expired."""
    await session.execute(delete(PendingFlowRow).where(PendingFlowRow.expires_at <= now))
