"""What administrators do to other people's accounts. Each act takes effect at once.

Whatever takes a right away ends the sessions too, and takes back the access tokens that still
live, before it is answered: contracts/revocations.md.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.accounts import deletion
from users_service.domain.accounts import ADMIN, ROLES, Account, Overview, username_key
from users_service.domain.audit_events import Act, Event
from users_service.domain.principals import Actor
from users_service.store.accounts_by_id import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    database: async_sessionmaker[AsyncSession]
    revoke: Callable[[], Awaitable[None]]
    """Tells whom it concerns what was committed."""
    now: Callable[[], datetime]

    async def page(
        self, wanted: Wanted, *, after: str | None, limit: int
    ) -> tuple[list[Overview], str | None]:
        """Accounts by name, and what to ask the next page with."""
        async with self.database() as session:
            found = await store.accounts_by_id.listed(
                session, wanted, after=after, limit=limit + 1
            )
        page = found[:limit]
        more = len(found) > limit
        return page, username_key(page[-1].account.username) if more else None

    async def find(self, account_id: UUID) -> Overview:
        async with self.database() as session:
            return await store.accounts_by_id.overview(session, account_id)

    async def change(
        self, account_id: UUID, by: Actor, *, role: str | None, disabled: bool | None
    ) -> Overview:
        """None changes nothing, and neither does what is so already."""
        async with self.database.begin() as session:
            before = await store.accounts_by_id.by_id(session, account_id)
            if role is not None and ROLES[role] != before.roles:
                await self._set_role(session, before, role, by)
            if disabled is not None and disabled is before.may_sign_in:
                await self._set_disabled(session, before, disabled, by)
            overview = await store.accounts_by_id.overview(session, account_id)
        await self.revoke()
        return overview

    async def end_sessions(self, account_id: UUID, by: Actor) -> None:
        async with self.database.begin() as session:
            account = await store.accounts_by_id.by_id(session, account_id)
            await store.sessions.end_all_of(session, account_id, now=self.now())
            act = Act(event=Event.SESSIONS_ENDED, by=by, account=account)
            await store.audit.write(session, act, now=self.now())
        await self.revoke()

    async def delete(self, account_id: UUID, by: Actor) -> None:
        async with self.database.begin() as session:
            account = await store.accounts_by_id.by_id(session, account_id)
            await deletion.remove(session, account, by, now=self.now())
        await self.revoke()

    async def _set_role(
        self, session: AsyncSession, account: Account, role: str, by: Actor
    ) -> None:
        if role != ADMIN:
            await store.accounts_by_id.keep_an_administrator(session, without=account.id)
        facts = {"from": list(account.roles), "to": list(ROLES[role])}
        columns = {"roles": list(ROLES[role])}
        act = Act(event=Event.ROLES_CHANGED, by=by, account=account, facts=facts)
        await self._apply(session, act, account, columns)

    async def _set_disabled(
        self, session: AsyncSession, account: Account, disabled: bool, by: Actor
    ) -> None:
        if disabled:
            await store.accounts_by_id.keep_an_administrator(session, without=account.id)
        event = Event.ACCOUNT_DISABLED if disabled else Event.ACCOUNT_ENABLED
        columns = {"disabled_at": self.now() if disabled else None}
        act = Act(event=event, by=by, account=account)
        await self._apply(session, act, account, columns)

    async def _apply(
        self, session: AsyncSession, act: Act, account: Account, columns: dict[str, Any]
    ) -> None:
        now = self.now()
        await store.accounts_by_id.change(session, account.id, columns=columns, now=now)
        await store.sessions.end_all_of(session, account.id, now=now)
        await store.audit.write(session, act, now=now)
