"""What administrators do to other people's accounts, with immediate effect.

An act that takes a right away also ends the sessions and revokes the access tokens before it is
answered: contracts/revocations.md.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.accounts import deletion
from users_service.domain.accounts import ADMIN, ROLES, Account, AccountOverview, username_key
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.principals import Principal
from users_service.store.accounts_by_id import AccountFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """What administrators do to accounts; where there is none, AccountNotFound is raised."""

    database: async_sessionmaker[AsyncSession]
    revoke: Callable[[], Awaitable[None]]
    """Writes what was committed to Redis, so that the tokens are refused."""
    now: Callable[[], datetime]

    async def page(
        self, wanted: AccountFilter, *, after: str | None, limit: int
    ) -> tuple[list[AccountOverview], str | None]:
        """Return accounts by name, and the cursor of the next page or None."""
        async with self.database() as session:
            found = await store.accounts_by_id.listed(
                session, wanted, after=after, limit=limit + 1
            )
        page = found[:limit]
        more = len(found) > limit
        return page, username_key(page[-1].account.username) if more else None

    async def find(self, account_id: UUID) -> AccountOverview:
        """Return the account with its sessions, also if it is disabled."""
        async with self.database() as session:
            return await store.accounts_by_id.overview(session, account_id)

    async def change(
        self, account_id: UUID, by: Principal, *, role: str | None, disabled: bool | None
    ) -> AccountOverview:
        """Change role, disabled or both; a change ends the account's sessions and tokens.

        None changes nothing. Raises LastAdministrator.
        """
        async with self.database.begin() as session:
            before = await store.accounts_by_id.by_id(session, account_id)
            if role is not None and ROLES[role] != before.roles:
                await self._set_role(session, before, role, by)
            if disabled is not None and disabled is before.may_sign_in:
                await self._set_disabled(session, before, disabled, by)
            overview = await store.accounts_by_id.overview(session, account_id)
        await self.revoke()
        return overview

    async def end_sessions(self, account_id: UUID, by: Principal) -> None:
        """End all sessions and access tokens of the account."""
        async with self.database.begin() as session:
            account = await store.accounts_by_id.by_id(session, account_id)
            await store.sessions.end_all_of(session, account_id, now=self.now())
            audit_event = AuditEvent(type=AuditEventType.SESSIONS_ENDED, by=by, account=account)
            await store.audit.write(session, audit_event, now=self.now())
        await self.revoke()

    async def delete(self, account_id: UUID, by: Principal) -> None:
        """Delete the account; raise LastAdministrator.

        Its username stays reserved for a year.
        """
        async with self.database.begin() as session:
            account = await store.accounts_by_id.by_id(session, account_id)
            await deletion.remove(session, account, by, now=self.now())
        await self.revoke()

    async def _set_role(
        self, session: AsyncSession, account: Account, role: str, by: Principal
    ) -> None:
        if role != ADMIN:
            await store.accounts_by_id.keep_an_administrator(session, without=account.id)
        facts = {"from": list(account.roles), "to": list(ROLES[role])}
        columns = {"roles": list(ROLES[role])}
        audit_event = AuditEvent(
            type=AuditEventType.ROLES_CHANGED, by=by, account=account, facts=facts
        )
        await self._apply(session, audit_event, account, columns)

    async def _set_disabled(
        self, session: AsyncSession, account: Account, disabled: bool, by: Principal
    ) -> None:
        if disabled:
            await store.accounts_by_id.keep_an_administrator(session, without=account.id)
        event = AuditEventType.ACCOUNT_DISABLED if disabled else AuditEventType.ACCOUNT_ENABLED
        columns = {"disabled_at": self.now() if disabled else None}
        audit_event = AuditEvent(type=event, by=by, account=account)
        await self._apply(session, audit_event, account, columns)

    async def _apply(
        self,
        session: AsyncSession,
        audit_event: AuditEvent,
        account: Account,
        columns: dict[str, Any],
    ) -> None:
        now = self.now()
        await store.accounts_by_id.change(session, account.id, columns=columns, now=now)
        await store.sessions.end_all_of(session, account.id, now=now)
        await store.audit.write(session, audit_event, now=now)
