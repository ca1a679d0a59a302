"""The second step: set up, asked for after the first, and turned off by its owner.

A code works once. A wrong one counts for the account, wherever it comes from: nobody else can
lock the owner out, because nobody gets here without the first factor.
"""

import io
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import segno
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.audit_log import AuditLog
from users_service.crypto import encryption
from users_service.crypto.encryption import DecryptionError, Encryptor
from users_service.crypto.random_tokens import digest, new_secret
from users_service.domain import two_factor
from users_service.domain.accounts import Account
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.principals import Principal
from users_service.domain.sessions import Session
from users_service.domain.two_factor import (
    CodeRequired,
    Totp,
    TotpAlreadyEnabled,
    TotpEnrolment,
    TotpNotEnabled,
    TwoFactorChallenge,
    TwoFactorStatus,
    WrongCode,
)
from users_service.rate_limits.limits import RateLimits

log = logging.getLogger(__name__)

ISSUER: Final = "Notes"
STEP_ASKED: Final = "second_step_asked"
"""The result in the audit log if the first step was right and the second is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoFactor:
    """Sets the second step up, asks for it and checks it."""

    database: async_sessionmaker[AsyncSession]
    limits: RateLimits
    encryptor: Encryptor
    audit: AuditLog
    now: Callable[[], datetime]

    async def status(self, account_id: UUID) -> TwoFactorStatus:
        """Return what the account has; an app that is not confirmed does not count."""
        async with self.database() as session:
            totp = await store.two_factor.totp(session, account_id)
            return TwoFactorStatus(
                totp=totp is not None and totp.is_on,
                recovery_codes=await store.two_factor.count_recovery_codes(session, account_id),
                passkeys=await store.two_factor.count_passkeys(session, account_id),
            )

    async def methods(self, session: AsyncSession, account_id: UUID) -> tuple[str, ...]:
        """Return how the account's second step can be done; empty if it has none."""
        totp = await store.two_factor.totp(session, account_id)
        codes = await store.two_factor.count_recovery_codes(session, account_id)
        passkeys = await store.two_factor.count_passkeys(session, account_id)
        return tuple(two_factor.methods(totp, codes, passkeys))

    async def challenge(
        self, session: AsyncSession, account: Account, kind: str, facts: Mapping[str, Any]
    ) -> TwoFactorChallenge | None:
        """Begin the second step in the caller's transaction; None if there is none."""
        methods = await self.methods(session, account.id)
        if not methods:
            return None
        expires_at = self.now() + two_factor.SECOND_STEP_LIFETIME
        step = TwoFactorChallenge(token=new_secret(), methods=methods, expires_at=expires_at)
        await store.pending_flows.begin(
            session,
            kind,
            secret_hash=digest(step.token),
            account_id=account.id,
            facts=facts,
            expires_at=expires_at,
        )
        return step

    @asynccontextmanager
    async def verified(
        self,
        event: AuditEventType,
        by: Principal,
        account: Account,
        code: str | None,
        *,
        lately: bool,
    ) -> AsyncIterator[tuple[AsyncSession, str | None]]:
        """Open a transaction in which both factors are shown; it yields what the second was.

        That is "" where the account has none, and None where this session showed it `lately`
        and not again. CodeRequired and WrongCode are written to the audit log as refusals of
        `event`.
        """
        if code:
            await self.limits.admit_code(account.id)
        try:
            async with self.database.begin() as session:
                await store.sessions.hold(session, by)
                yield session, await self._how(session, account, code, lately=lately)
        except (CodeRequired, WrongCode) as refusal:
            await self.audit.refuse(event, by, refusal.code, account)
            raise
        if code:
            await self.limits.forgive_codes(account.id)

    async def _how(
        self, session: AsyncSession, account: Account, code: str | None, *, lately: bool
    ) -> str | None:
        if not await self.methods(session, account.id):
            return ""
        if code:
            return await self.check(session, account.id, code)
        if not lately:
            raise CodeRequired
        return None

    async def begin_totp(self, account: Account, by: Principal) -> TotpEnrolment:
        """Return a new secret for an app; raise TotpAlreadyEnabled or SessionEnded."""
        secret = two_factor.new_totp_secret()
        async with self.database.begin() as session:
            await store.sessions.hold(session, by)
            totp = await store.two_factor.totp(session, account.id)
            if totp is not None and totp.is_on:
                raise TotpAlreadyEnabled
            encrypted_secret = self.encryptor.encrypt(
                secret.encode(), encryption.totp_context(account.id)
            )
            await store.two_factor.begin_totp(session, account.id, encrypted_secret)
        uri = two_factor.totp_uri(secret, username=account.username, issuer=ISSUER)
        return TotpEnrolment(secret=secret, uri=uri, qr_svg=_qr_svg(uri))

    async def confirm_totp(
        self, kept: Session, account: Account, code: str, by: Principal
    ) -> list[str]:
        """Turn the app on and return the recovery codes, shown here and never again.

        Other sessions end. Raises WrongCode, TotpNotEnabled, TotpAlreadyEnabled or
        TooManyAttempts.
        """
        await self.limits.admit_code(account.id)
        try:
            codes = await self._confirm(kept, account, code, by)
        except WrongCode:
            await self.audit.refuse(AuditEventType.TOTP_ADDED, by, WrongCode.code, account)
            raise
        await self.limits.forgive_codes(account.id)
        return codes

    async def _confirm(
        self, kept: Session, account: Account, code: str, by: Principal
    ) -> list[str]:
        now = self.now()
        async with self.database.begin() as session:
            await store.sessions.hold(session, by)
            totp = await store.two_factor.totp(session, account.id)
            if totp is None or totp.is_on:
                raise TotpNotEnabled if totp is None else TotpAlreadyEnabled
            step = self._step(totp, code)
            if step is None or not await store.two_factor.use_step(session, account.id, step):
                raise WrongCode
            await store.two_factor.confirm_totp(session, account.id, now=now)
            await store.sessions.end_others(session, kept, now=now)
            await self._write(session, AuditEventType.TOTP_ADDED, by, account)
            return await _new_codes(session, account.id)

    async def new_recovery_codes(self, account: Account, by: Principal) -> list[str]:
        """Replace the recovery codes and return the new ones; raise TotpNotEnabled."""
        async with self.database.begin() as session:
            await store.sessions.hold(session, by)
            totp = await store.two_factor.totp(session, account.id)
            if totp is None or not totp.is_on:
                raise TotpNotEnabled
            await self._write(session, AuditEventType.RECOVERY_CODES_CREATED, by, account)
            return await _new_codes(session, account.id)

    async def remove_totp(
        self, kept: Session, account: Account, code: str | None, by: Principal
    ) -> None:
        """Turn the app off for its owner, who gives a code; other sessions end.

        Raises CodeRequired, WrongCode, TotpNotEnabled or TooManyAttempts.
        """
        event = AuditEventType.TOTP_REMOVED
        async with self.verified(event, by, account, code, lately=False) as (session, _):
            if not await store.two_factor.remove(session, account.id):
                raise TotpNotEnabled
            await store.sessions.end_others(session, kept, now=self.now())
            await self._write(session, event, by, account)

    async def remove_totp_by_administrator(self, account_id: UUID, by: Principal) -> None:
        """Turn off the app of somebody who lost it; all their sessions end.

        Raises TotpNotEnabled, or CodeRequired for an administrator's own app.
        """
        async with self.database.begin() as session:
            account = await store.accounts_by_id.by_id(session, account_id, lock=True)
            if by.account_id == account_id and await self.methods(session, account_id):
                raise CodeRequired
            if not await store.two_factor.remove(session, account_id):
                raise TotpNotEnabled
            await store.sessions.end_all_of(session, account_id, now=self.now())
            await self._write(session, AuditEventType.TOTP_REMOVED, by, account)

    async def check(self, session: AsyncSession, account_id: UUID, code: str) -> str:
        """Use the code up in the caller's transaction, and return its kind; raise WrongCode."""
        totp = await store.two_factor.totp(session, account_id)
        step = self._step(totp, code) if totp else None
        if step is not None and await store.two_factor.use_step(session, account_id, step):
            return "totp"
        kept = digest(two_factor.recovery_code_as_kept(code))
        if await store.two_factor.use_recovery_code(session, account_id, kept):
            return "recovery code"
        raise WrongCode

    def _step(self, totp: Totp, code: str) -> int | None:
        try:
            secret = self.encryptor.decrypt(
                totp.encrypted_secret, encryption.totp_context(totp.account_id)
            ).decode()
        except DecryptionError:
            # No code is right any more. Recovery codes, passkeys and administrators still help.
            log.error(
                "a secret of an authenticator app cannot be opened",
                extra={"account": totp.account_id},
            )
            return None
        return two_factor.totp_step(secret, code, self.now())

    async def _write(
        self, session: AsyncSession, event: AuditEventType, by: Principal, account: Account
    ) -> None:
        audit_event = AuditEvent(type=event, by=by, account=account)
        await store.audit.write(session, audit_event, now=self.now())


async def _new_codes(session: AsyncSession, account_id: UUID) -> list[str]:
    codes = two_factor.new_recovery_codes()
    hashes = [digest(two_factor.recovery_code_as_kept(code)) for code in codes]
    await store.two_factor.replace_recovery_codes(session, account_id, hashes)
    return codes


def _qr_svg(uri: str) -> str:
    drawn = io.BytesIO()
    segno.make(uri, micro=False).save(drawn, kind="svg", scale=4, border=4, xmldecl=False)
    return drawn.getvalue().decode()
