"""Ways in for who has an account: a passkey, or a password and perhaps a second step."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import acts, factors, sessions, store
from users_service.acts import Act, Event
from users_service.audit import AuditLog
from users_service.credentials import Credentials
from users_service.domain import Account, Origin
from users_service.factors import PasskeyRefused, SecondStepEnded, WrongCode
from users_service.limits import Limits
from users_service.opaque import digest, new_secret
from users_service.passkeys import Passkeys
from users_service.second_factors import SecondFactors
from users_service.sessions import SignedIn
from users_service.webauthn_site import Credential

_SECOND_STEP = "second step"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStep:
    """The first step was right, and is not enough. `token` is told to its bearer here only."""

    token: str
    methods: tuple[str, ...]
    expires_at: datetime


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
        if step := await self.second_step(account, after="password"):
            return step
        async with self.database.begin() as session:
            return await sessions.start(session, account, origin, by="password", now=self.now())

    async def by_code(self, token: str, code: str, origin: Origin) -> SignedIn:
        """The second step, by a code of the app or a recovery code."""
        account = await self._who(token)
        await self.limits.admit_code(account.id)
        try:
            async with self.database.begin() as session:
                by = await self.second_factors.check(session, account.id, code)
                done = await self.finish(session, token, account, origin, by=by)
        except WrongCode:
            await self._tell_wrong(account, origin)
            raise
        await self.limits.forgive_codes(account.id)
        return done

    async def by_passkey(self, flow: str, credential: Credential, origin: Origin) -> SignedIn:
        account = await self._proven(flow, credential, origin)
        async with self.database.begin() as session:
            return await sessions.start(session, account, origin, by="passkey", now=self.now())

    async def by_second_passkey(
        self, token: str, flow: str, credential: Credential, origin: Origin
    ) -> SignedIn:
        """The second step, by a passkey of the same account."""
        account = await self._who(token)
        proven = await self._proven(flow, credential, origin)
        if proven.id != account.id:
            raise PasskeyRefused
        async with self.database.begin() as session:
            return await self.finish(session, token, account, origin, by="passkey")

    async def _proven(self, flow: str, credential: Credential, origin: Origin) -> Account:
        # Each refusal is a line of the audit log: not as many as somebody likes.
        await self.limits.admit_challenge(origin.address or "")
        try:
            return await self.passkeys.prove(flow, credential)
        except PasskeyRefused:
            result = PasskeyRefused.code
            act = Act(event=Event.SIGNED_IN, by=acts.stranger(origin), result=result)
            await self.audit.add(act)
            raise

    async def finish(
        self, session: AsyncSession, token: str, account: Account, origin: Origin, *, by: str
    ) -> SignedIn:
        """End the second step, once, with a session."""
        now = self.now()
        ended = await store.ceremonies.finish(session, _SECOND_STEP, digest(token), now=now)
        if ended is None:
            raise SecondStepEnded
        after = ended.facts.get("after", "password")
        return await sessions.start(session, account, origin, by=f"{after}, {by}", now=now)

    async def _who(self, token: str) -> Account:
        async with self.database() as session:
            begun = await store.ceremonies.find(
                session, _SECOND_STEP, digest(token), now=self.now()
            )
            if begun is None or begun.account_id is None:
                raise SecondStepEnded
            account = await store.people.by_id(session, begun.account_id)
        if not account.may_sign_in:
            raise SecondStepEnded
        return account

    async def second_step(self, account: Account, *, after: str) -> SecondStep | None:
        """What is asked for besides, now that the first step was right; None: nothing."""
        methods = await self.second_factors.methods(account.id)
        if not methods:
            return None
        expires_at = self.now() + factors.SECOND_STEP_LIFETIME
        step = SecondStep(token=new_secret(), methods=methods, expires_at=expires_at)
        async with self.database.begin() as session:
            await store.ceremonies.begin(
                session,
                _SECOND_STEP,
                secret_hash=digest(step.token),
                account_id=account.id,
                facts={"after": after},
                expires_at=step.expires_at,
            )
        return step

    async def _tell_wrong(self, account: Account, origin: Origin) -> None:
        by = acts.stranger(origin)
        act = Act(event=Event.SIGNED_IN, by=by, account=account, result=WrongCode.code)
        await self.audit.add(act)
