"""The audit log: read by administrators, kept for as long as the operator says.

A use case writes its line with `store.audit.write`, in the transaction of the act.
`AuditLog.add` is for refusals, which have no transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.domain import principals
from users_service.domain.accounts import Account
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.errors import TooManyAttempts
from users_service.domain.principals import Principal
from users_service.domain.sessions import Client
from users_service.rate_limits.limits import RateLimits
from users_service.tables import AuditRow


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLog:
    """Reads, extends and sweeps the audit log."""

    database: async_sessionmaker[AsyncSession]
    kept_for: timedelta
    now: Callable[[], datetime]

    async def add(self, audit_event: AuditEvent) -> None:
        """Add a line in a transaction of its own."""
        async with self.database.begin() as session:
            await store.audit.write(session, audit_event, now=self.now())

    async def refuse(
        self, event: AuditEventType, by: Principal, result: str, account: Account | None = None
    ) -> None:
        """Add a line about a credential that was wrong; `result` is the refusal's code."""
        await self.add(AuditEvent(type=event, by=by, account=account, result=result))

    async def refuse_within(
        self,
        limits: RateLimits,
        event: AuditEventType,
        client: Client,
        result: str,
        account: Account | None = None,
    ) -> None:
        """Add such a line of an anonymous client, within the limit of challenges per address.

        Beyond the limit nothing is written, so that nobody can fill the table.
        """
        try:
            await limits.admit_challenge(client.address or "")
        except TooManyAttempts:
            return
        await self.refuse(event, principals.anonymous(client), result, account)

    async def page(
        self,
        *,
        before: int | None,
        limit: int,
        account_id: UUID | None,
        event: AuditEventType | None,
    ) -> tuple[Sequence[AuditRow], int | None]:
        """Return lines, newest first, and the cursor of the next page or None."""
        async with self.database() as session:
            rows = await store.audit.newest(
                session, before=before, limit=limit + 1, account_id=account_id, event=event
            )
        page = rows[:limit]
        return page, page[-1].id if len(rows) > limit else None

    async def forget_old(self) -> None:
        """Delete the lines that are older than `kept_for`."""
        async with self.database.begin() as session:
            await store.audit.forget(session, before=self.now() - self.kept_for)
