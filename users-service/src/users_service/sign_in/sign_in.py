"""Ways in for who has an account: a passkey, or a first step and perhaps a second."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.audit_log import AuditLog
from users_service.credentials.check import Credentials
from users_service.crypto.random_tokens import digest
from users_service.domain import principals
from users_service.domain.accounts import Account
from users_service.domain.audit_events import Act, Event
from users_service.domain.sessions import Origin
from users_service.domain.sign_in_errors import WrongCredentials
from users_service.domain.two_factor import PasskeyRefused, SecondStepEnded, WrongCode
from users_service.rate_limits.limits import Limits
from users_service.sessions import sessions
from users_service.sessions.sessions import SignedIn
from users_service.sign_in.passkeys import Passkeys
from users_service.sign_in.two_factor import STEP_ASKED, SecondFactors, SecondStep
from users_service.sign_in.webauthn import Credential

_SECOND_STEP = "second step"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    database: async_sessionmaker[AsyncSession]
    credentials: Credentials
    second_factors: SecondFactors
    passkeys: Passkeys
    limits: Limits
    audit: AuditLog
    now: Callable[[], datetime]

    async def by_password(
        self, username: str, password: str, origin: Origin
    ) -> SignedIn | SecondStep:
        """A new session with a new secret, whatever sessions there were."""
        account = await self.credentials.check(
            username, password, origin, exactly=False, event=Event.SIGNED_IN
        )
        async with self.database.begin() as session:
            # The check took its time: what it was about is looked at again.
            if await store.accounts_by_id.hold(session, account) is not None:
                return await self.let_in(session, account, origin, after="password")
        await self._tell(account, origin, WrongCredentials.code)
        raise WrongCredentials

    async def by_code(self, token: str, code: str, origin: Origin) -> SignedIn:
        """The second step, by a code of the app or a recovery code."""
        account = await self._who(token)
        await self.limits.admit_code(account.id)
        try:
            async with self.database.begin() as session:
                await _hold(session, account)
                by = await self.second_factors.check(session, account.id, code)
                done = await self.finish(session, token, account, origin, by=by)
        except WrongCode:
            await self._tell(account, origin, WrongCode.code)
            raise
        await self.limits.forgive_codes(account.id)
        return done

    async def by_passkey(self, flow: str, credential: Credential, origin: Origin) -> SignedIn:
        try:
            challenge = await self._challenge(flow, origin)
            async with self.database.begin() as session:
                account = await self.passkeys.prove(session, challenge, credential)
                return await sessions.start(
                    session, account, origin, by="passkey", now=self.now()
                )
        except PasskeyRefused:
            await self._tell(None, origin, PasskeyRefused.code)
            raise

    async def by_second_passkey(
        self, token: str, flow: str, credential: Credential, origin: Origin
    ) -> SignedIn:
        """The second step, by a passkey of the same account."""
        account = await self._who(token)
        try:
            challenge = await self._challenge(flow, origin)
            async with self.database.begin() as session:
                await _hold(session, account)
                await self.passkeys.prove(session, challenge, credential, of=account.id)
                return await self.finish(session, token, account, origin, by="passkey")
        except PasskeyRefused:
            await self._tell(account, origin, PasskeyRefused.code)
            raise

    async def _challenge(self, flow: str, origin: Origin) -> bytes:
        # Each refusal is a line of the audit log: not as many as somebody likes.
        await self.limits.admit_challenge(origin.address or "")
        return await self.passkeys.challenge(flow)

    async def finish(
        self, session: AsyncSession, token: str, account: Account, origin: Origin, *, by: str
    ) -> SignedIn:
        """End the second step, once, with a session."""
        now = self.now()
        ended = await store.pending_flows.finish(session, _SECOND_STEP, digest(token), now=now)
        if ended is None:
            raise SecondStepEnded
        after, proven = ended.facts.get("after", "password"), ended.facts.get("proven_at")
        return await sessions.start(
            session,
            account,
            origin,
            by=f"{after}, {by}",
            now=now,
            proven_at=None if proven is None else datetime.fromtimestamp(proven, UTC),
        )

    async def _who(self, token: str) -> Account:
        async with self.database() as session:
            begun = await store.pending_flows.find(
                session, _SECOND_STEP, digest(token), now=self.now()
            )
            if begun is None or begun.account_id is None:
                raise SecondStepEnded
            account = await store.accounts_by_id.by_id(session, begun.account_id)
        if not account.may_sign_in:
            raise SecondStepEnded
        return account

    async def let_in(
        self,
        session: AsyncSession,
        account: Account,
        origin: Origin,
        *,
        after: str,
        proven_at: datetime | None = None,
    ) -> SignedIn | SecondStep:
        """The first step was right, now or, where it was taken elsewhere, at `proven_at`.

        In the caller's transaction, which holds the account.
        """
        now = self.now()
        begun = {"after": after, "proven_at": proven_at and proven_at.timestamp()}
        step = await self.second_factors.ask(session, account, _SECOND_STEP, begun)
        if step is None:
            return await sessions.start(
                session, account, origin, by=after, now=now, proven_at=proven_at
            )
        by, facts = principals.stranger(origin), {"by": after}
        act = Act(event=Event.SIGNED_IN, by=by, account=account, result=STEP_ASKED, facts=facts)
        await store.audit.write(session, act, now=now)
        return step

    async def _tell(self, account: Account | None, origin: Origin, result: str) -> None:
        await self.audit.refuse(Event.SIGNED_IN, principals.stranger(origin), result, account)


async def _hold(session: AsyncSession, account: Account) -> None:
    if await store.accounts_by_id.hold(session, account) is None:
        raise SecondStepEnded
