"""Authenticates signed-in people again, before they change how they sign in.

It is as thorough as signing in: a password or a provider is the first factor, and the second
step follows if there is one; a passkey is both. A code is accepted only after the first factor:
someone who finds a session left open cannot use up its owner's codes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.credentials.check import CredentialCheck
from users_service.crypto.random_tokens import digest
from users_service.domain import principals
from users_service.domain.accounts import Account
from users_service.domain.audit_events import OK, AuditEvent, AuditEventType
from users_service.domain.principals import Principal
from users_service.domain.sessions import Client, Session
from users_service.domain.two_factor import TwoFactorChallenge, TwoFactorChallengeEnded
from users_service.sign_in.passkeys import Passkeys
from users_service.sign_in.two_factor import STEP_ASKED, TwoFactor
from users_service.sign_in.webauthn import Credential

_SECOND_STEP: Final = "second step of a proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reauthentication:
    """Authenticates people again; each method returns the session, fresh, or a challenge."""

    database: async_sessionmaker[AsyncSession]
    credential_check: CredentialCheck
    two_factor: TwoFactor
    passkeys: Passkeys
    now: Callable[[], datetime]

    async def by_password(
        self, kept: Session, account: Account, password: str, code: str | None, client: Client
    ) -> Session:
        """Check the password, and the code if the account has a second step.

        Raises WrongCredentials, CodeRequired, WrongCode, TooManyAttempts or SessionEnded.
        """
        by = principals.account_holder(account, client, kept)
        event = AuditEventType.REAUTHENTICATED
        await self.credential_check.check(
            account.username, password, client, exactly=True, event=event, by=by
        )
        shown = self.two_factor.verified(event, by, account, code, lately=False)
        async with shown as (session, second):
            return await self._renew(session, kept, account, by, "password", second)

    async def by_passkey(
        self, kept: Session, account: Account, flow: str, credential: Credential, by: Principal
    ) -> Session:
        """Check a passkey of the account, which is both factors; raise PasskeyRefused."""
        await self.passkeys.reauthenticate(flow, credential, account, by)
        async with self.database.begin() as session:
            return await self._renew(session, kept, account, by, "passkey")

    async def after(
        self, kept: Session, account: Account, by: Principal, *, first: str
    ) -> Session | TwoFactorChallenge:
        """Go on after authentication at a provider: the second step if there is one."""
        begun = {"after": first, "session": str(kept.id)}
        async with self.database.begin() as session:
            await store.sessions.hold(session, by)
            step = await self.two_factor.challenge(session, account, _SECOND_STEP, begun)
            if step is None:
                return await self._renew(session, kept, account, by, first)
            await self._write(session, account, by, first, result=STEP_ASKED)
            return step

    async def by_code(
        self, kept: Session, account: Account, token: str, code: str, by: Principal
    ) -> Session:
        """Finish a second step that `after` began in the same session.

        Raises TwoFactorChallengeEnded, WrongCode or TooManyAttempts.
        """
        key, now, event = digest(token), self.now(), AuditEventType.REAUTHENTICATED
        async with self.database() as session:
            begun = await store.pending_flows.find(session, _SECOND_STEP, key, now=now)
        if begun is None or begun.facts["session"] != str(kept.id):
            raise TwoFactorChallengeEnded
        first = begun.facts["after"]
        shown = self.two_factor.verified(event, by, account, code, lately=False)
        async with shown as (session, second):
            if await store.pending_flows.finish(session, _SECOND_STEP, key, now=now) is None:
                raise TwoFactorChallengeEnded
            return await self._renew(session, kept, account, by, first, second)

    async def _renew(
        self, session: AsyncSession, kept: Session, account: Account, by: Principal, *how: Any
    ) -> Session:
        await self._write(session, account, by, ", ".join(filter(None, how)))
        return await store.sessions.renew(session, kept, now=self.now())

    async def _write(
        self, session: AsyncSession, account: Account, by: Principal, how: str, result: str = OK
    ) -> None:
        event, facts = AuditEventType.REAUTHENTICATED, {"by": how}
        audit_event = AuditEvent(type=event, by=by, account=account, result=result, facts=facts)
        await store.audit.write(session, audit_event, now=self.now())
