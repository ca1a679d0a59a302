"""Sign-in to an account: by a passkey, or by a first step and the second if there is one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.audit_log import AuditLog
from users_service.credentials.check import CredentialCheck
from users_service.crypto.random_tokens import digest
from users_service.domain import principals
from users_service.domain.accounts import Account
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.sessions import Client
from users_service.domain.sign_in_errors import WrongCredentials
from users_service.domain.two_factor import (
    PasskeyRefused,
    TwoFactorChallenge,
    TwoFactorChallengeEnded,
    WrongCode,
)
from users_service.rate_limits.limits import RateLimits
from users_service.sessions import sessions
from users_service.sessions.sessions import NewSession
from users_service.sign_in.passkeys import Passkeys
from users_service.sign_in.two_factor import STEP_ASKED, TwoFactor
from users_service.sign_in.webauthn import Credential

_SECOND_STEP = "second step"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Starts sessions, after the second step where an account has one."""

    database: async_sessionmaker[AsyncSession]
    credential_check: CredentialCheck
    two_factor: TwoFactor
    passkeys: Passkeys
    limits: RateLimits
    audit: AuditLog
    now: Callable[[], datetime]

    async def by_password(
        self, username: str, password: str, client: Client
    ) -> NewSession | TwoFactorChallenge:
        """Return a new session or the second step; raise WrongCredentials.

        The secret is always a new one, whatever sessions there were (ASVS 5.0, 7.2.4).
        """
        account = await self.credential_check.check(
            username, password, client, exactly=False, event=AuditEventType.SIGNED_IN
        )
        async with self.database.begin() as session:
            # The check took its time: what it was about is looked at again.
            if await store.accounts_by_id.hold(session, account) is not None:
                return await self.let_in(session, account, client, after="password")
        await self._refuse(account, client, WrongCredentials.code)
        raise WrongCredentials

    async def by_code(self, token: str, code: str, client: Client) -> NewSession:
        """Finish the second step with a code of the app or a recovery code.

        Raises WrongCode, TwoFactorChallengeEnded or TooManyAttempts.
        """
        account = await self._account_of(token)
        await self.limits.admit_code(account.id)
        try:
            async with self.database.begin() as session:
                await _hold(session, account)
                by = await self.two_factor.check(session, account.id, code)
                done = await self.finish(session, token, account, client, by=by)
        except WrongCode:
            await self._refuse(account, client, WrongCode.code)
            raise
        await self.limits.forgive_codes(account.id)
        return done

    async def by_passkey(self, flow: str, credential: Credential, client: Client) -> NewSession:
        """Return a new session without a second step: a passkey is two factors.

        Raises PasskeyRefused or TooManyAttempts.
        """
        try:
            challenge = await self._challenge(flow, client)
            async with self.database.begin() as session:
                account = await self.passkeys.verify(session, challenge, credential)
                return await sessions.start(
                    session, account, client, by="passkey", now=self.now()
                )
        except PasskeyRefused:
            await self._refuse(None, client, PasskeyRefused.code)
            raise

    async def by_second_passkey(
        self, token: str, flow: str, credential: Credential, client: Client
    ) -> NewSession:
        """Finish the second step with a passkey of the same account.

        Raises PasskeyRefused, TwoFactorChallengeEnded or TooManyAttempts.
        """
        account = await self._account_of(token)
        try:
            challenge = await self._challenge(flow, client)
            async with self.database.begin() as session:
                await _hold(session, account)
                await self.passkeys.verify(session, challenge, credential, of=account.id)
                return await self.finish(session, token, account, client, by="passkey")
        except PasskeyRefused:
            await self._refuse(account, client, PasskeyRefused.code)
            raise

    async def _challenge(self, flow: str, client: Client) -> bytes:
        # Each refusal is a line of the audit log: not as many as somebody likes.
        await self.limits.admit_challenge(client.address or "")
        return await self.passkeys.challenge(flow)

    async def finish(
        self, session: AsyncSession, token: str, account: Account, client: Client, *, by: str
    ) -> NewSession:
        """Use the challenge up and start the session; raise TwoFactorChallengeEnded."""
        now = self.now()
        ended = await store.pending_flows.finish(session, _SECOND_STEP, digest(token), now=now)
        if ended is None:
            raise TwoFactorChallengeEnded
        after = ended.facts.get("after", "password")
        authenticated = ended.facts.get("proven_at")
        return await sessions.start(
            session,
            account,
            client,
            by=f"{after}, {by}",
            now=now,
            authenticated_at=None
            if authenticated is None
            else datetime.fromtimestamp(authenticated, UTC),
        )

    async def _account_of(self, token: str) -> Account:
        async with self.database() as session:
            begun = await store.pending_flows.find(
                session, _SECOND_STEP, digest(token), now=self.now()
            )
            if begun is None or begun.account_id is None:
                raise TwoFactorChallengeEnded
            account = await store.accounts_by_id.by_id(session, begun.account_id)
        if not account.may_sign_in:
            raise TwoFactorChallengeEnded
        return account

    async def let_in(
        self,
        session: AsyncSession,
        account: Account,
        client: Client,
        *,
        after: str,
        authenticated_at: datetime | None = None,
    ) -> NewSession | TwoFactorChallenge:
        """Go on after the first step, in the caller's transaction, which holds the account.

        Returns the session, or the second step. `authenticated_at` is when the person signed in
        at a provider; None is now.
        """
        now = self.now()
        begun = {"after": after, "proven_at": authenticated_at and authenticated_at.timestamp()}
        step = await self.two_factor.challenge(session, account, _SECOND_STEP, begun)
        if step is None:
            return await sessions.start(
                session, account, client, by=after, now=now, authenticated_at=authenticated_at
            )
        by, facts = principals.anonymous(client), {"by": after}
        audit_event = AuditEvent(
            type=AuditEventType.SIGNED_IN,
            by=by,
            account=account,
            result=STEP_ASKED,
            facts=facts,
        )
        await store.audit.write(session, audit_event, now=now)
        return step

    async def _refuse(self, account: Account | None, client: Client, result: str) -> None:
        await self.audit.refuse(
            AuditEventType.SIGNED_IN, principals.anonymous(client), result, account
        )


async def _hold(session: AsyncSession, account: Account) -> None:
    if await store.accounts_by_id.hold(session, account) is None:
        raise TwoFactorChallengeEnded
