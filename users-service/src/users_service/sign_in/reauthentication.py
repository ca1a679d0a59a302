"""Proving once more who one is, for acts that open and close ways in: all that signing in asks.

A password, or a proof at a provider, is the first factor; who has a second shows it too. A
passkey is both. Nobody gets as far as a code without the first: a stranger at a session that
was left open cannot use up the codes of its owner.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.credentials.check import Credentials
from users_service.crypto.random_tokens import digest
from users_service.domain import principals
from users_service.domain.accounts import Account
from users_service.domain.audit_events import OK, Act, Event
from users_service.domain.principals import Actor
from users_service.domain.sessions import Origin, Session
from users_service.domain.two_factor import SecondStepEnded
from users_service.sign_in.passkeys import Passkeys
from users_service.sign_in.two_factor import STEP_ASKED, SecondFactors, SecondStep
from users_service.sign_in.webauthn import Credential

_SECOND_STEP: Final = "second step of a proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """Each answers the session, fresh again, or what is lacking."""

    database: async_sessionmaker[AsyncSession]
    credentials: Credentials
    second_factors: SecondFactors
    passkeys: Passkeys
    now: Callable[[], datetime]

    async def by_password(
        self, kept: Session, account: Account, password: str, code: str | None, origin: Origin
    ) -> Session:
        by, event = principals.person(account, origin, kept), Event.REAUTHENTICATED
        await self.credentials.check(
            account.username, password, origin, exactly=True, event=event, by=by
        )
        shown = self.second_factors.shown(event, by, account, code, lately=False)
        async with shown as (session, second):
            return await self._renew(session, kept, account, by, "password", second)

    async def by_passkey(
        self, kept: Session, account: Account, flow: str, credential: Credential, by: Actor
    ) -> Session:
        await self.passkeys.prove_again(flow, credential, account, by)
        async with self.database.begin() as session:
            return await self._renew(session, kept, account, by, "passkey")

    async def after(
        self, kept: Session, account: Account, by: Actor, *, first: str
    ) -> Session | SecondStep:
        """The first factor was right, elsewhere."""
        begun = {"after": first, "session": str(kept.id)}
        async with self.database.begin() as session:
            await store.sessions.hold(session, by)
            step = await self.second_factors.ask(session, account, _SECOND_STEP, begun)
            if step is None:
                return await self._renew(session, kept, account, by, first)
            await self._write(session, account, by, first, result=STEP_ASKED)
            return step

    async def by_code(
        self, kept: Session, account: Account, token: str, code: str, by: Actor
    ) -> Session:
        """The second step of `after`, in the same session."""
        key, now, event = digest(token), self.now(), Event.REAUTHENTICATED
        async with self.database() as session:
            begun = await store.pending_flows.find(session, _SECOND_STEP, key, now=now)
        if begun is None or begun.facts["session"] != str(kept.id):
            raise SecondStepEnded
        first = begun.facts["after"]
        shown = self.second_factors.shown(event, by, account, code, lately=False)
        async with shown as (session, second):
            if await store.pending_flows.finish(session, _SECOND_STEP, key, now=now) is None:
                raise SecondStepEnded
            return await self._renew(session, kept, account, by, first, second)

    async def _renew(
        self, session: AsyncSession, kept: Session, account: Account, by: Actor, *how: Any
    ) -> Session:
        await self._write(session, account, by, ", ".join(filter(None, how)))
        return await store.sessions.renew(session, kept, now=self.now())

    async def _write(
        self, session: AsyncSession, account: Account, by: Actor, how: str, result: str = OK
    ) -> None:
        event, facts = Event.REAUTHENTICATED, {"by": how}
        act = Act(event=event, by=by, account=account, result=result, facts=facts)
        await store.audit.write(session, act, now=self.now())
