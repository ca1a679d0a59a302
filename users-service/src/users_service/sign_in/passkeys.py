"""Passkeys: a device's key in place of a password, with the person verified by the device.

A challenge is stored for five minutes and can be answered once, rightly or wrongly. A passkey
counts as two factors, so no second step follows.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from users_service import store
from users_service.audit_log import AuditLog
from users_service.credentials.methods import SignInMethods
from users_service.crypto.random_tokens import digest, new_secret
from users_service.domain.accounts import Account, new_name
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.errors import InvalidField
from users_service.domain.principals import Principal
from users_service.domain.sessions import Client, Session
from users_service.domain.two_factor import (
    PASSKEY_LIMIT,
    Passkey,
    PasskeyNotFound,
    PasskeyRefused,
    PasskeysDisabled,
    TooManyPasskeys,
)
from users_service.rate_limits.limits import RateLimits
from users_service.sign_in import webauthn
from users_service.sign_in.webauthn import Credential, Site

LIFETIME: Final = timedelta(minutes=5)
_REGISTER: Final = "add a passkey"
_AUTHENTICATE: Final = "prove a passkey"
_TRANSPORTS: Final = frozenset({"ble", "hybrid", "internal", "nfc", "smart-card", "usb"})
_CHALLENGE_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyFlow:
    """WebAuthn options for the browser, and the secret to send back with its answer."""

    flow: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkeys:
    """Registers passkeys and verifies them; raises PasskeysDisabled if there is no site."""

    database: async_sessionmaker[AsyncSession]
    limits: RateLimits
    site: Site | None
    """None: USERS_PUBLIC_URL is not set, so there is nothing to bind a passkey to."""
    sign_in_methods: SignInMethods
    audit: AuditLog
    now: Callable[[], datetime]

    async def begin_registration(self, account: Account) -> PasskeyFlow:
        """Return options to create a passkey; raise TooManyPasskeys.

        They exclude the passkeys that the account has (WebAuthn Level 3, 5.4).
        """
        site = self._site()
        challenge = secrets.token_bytes(_CHALLENGE_BYTES)
        async with self.database.begin() as session:
            present = await store.passkeys.of_account(session, account.id)
            if len(present) >= PASSKEY_LIMIT:
                raise TooManyPasskeys(PASSKEY_LIMIT)
            flow = await self._begin(session, _REGISTER, challenge, account.id)
        return PasskeyFlow(
            flow=flow, options=site.creation_options(account, challenge, present)
        )

    async def add(
        self, account: Account, by: Principal, *, flow: str, credential: Credential, name: str
    ) -> Passkey:
        """Verify the new passkey and store it (WebAuthn Level 3, 7.1).

        Raises PasskeyRefused, also if it is registered already, and SessionEnded.
        """
        now = self.now()
        challenge = await self._take(_REGISTER, flow, account.id)
        verified = self._site().verify_registration(credential, challenge)
        made = Passkey(
            id=uuid4(),
            account_id=account.id,
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            name=new_name(name) if name.strip() else "Passkey",
            transports=_transports(credential),
            is_backed_up=verified.credential_backed_up,
            created_at=now,
            last_used_at=None,
        )
        try:
            async with self.database.begin() as session:
                await store.sessions.hold(session, by)
                await store.passkeys.add(session, made)
                await self._write(session, AuditEventType.PASSKEY_ADDED, by, account, made.id)
        except IntegrityError as error:
            raise PasskeyRefused from error
        return made

    async def of(self, account: Account) -> list[Passkey]:
        """Return the account's passkeys, the oldest first, also where they are disabled."""
        async with self.database() as session:
            return await store.passkeys.of_account(session, account.id)

    async def rename(
        self, passkey_id: UUID, name: str, account: Account, by: Principal
    ) -> Passkey:
        """Rename the passkey; raise InvalidField, SessionEnded or PasskeyNotFound."""
        if not name.strip():
            raise InvalidField("name", "is empty")
        wanted = new_name(name)
        async with self.database.begin() as session:
            await store.sessions.hold(session, by)
            renamed = await store.passkeys.rename(session, passkey_id, account.id, wanted)
            if renamed is None:
                raise PasskeyNotFound
            await self._write(session, AuditEventType.PASSKEY_RENAMED, by, account, passkey_id)
        return renamed

    async def remove(
        self, passkey_id: UUID, kept: Session, account: Account, by: Principal
    ) -> None:
        """Remove the passkey and end other sessions: the lost device may hold one.

        Raises PasskeyNotFound, SessionEnded, or LastSignInMethod if nothing else is left.
        """
        async with self.database.begin() as session:
            await store.sessions.hold(session, by)
            if not await store.passkeys.remove(session, passkey_id, account.id):
                raise PasskeyNotFound
            await self.sign_in_methods.keep_one(session, account.id)
            await store.sessions.end_others(session, kept, now=self.now())
            await self._write(session, AuditEventType.PASSKEY_REMOVED, by, account, passkey_id)

    async def begin_authentication(self, client: Client) -> PasskeyFlow:
        """Return options that fit any passkey of this site; raise TooManyAttempts."""
        site = self._site()
        await self.limits.admit_challenge(client.address or "")
        challenge = secrets.token_bytes(_CHALLENGE_BYTES)
        async with self.database.begin() as session:
            flow = await self._begin(session, _AUTHENTICATE, challenge, None)
        return PasskeyFlow(flow=flow, options=site.request_options(challenge))

    async def challenge(self, flow: str) -> bytes:
        """Use the flow up and return its challenge, before the answer is checked.

        Raises PasskeyRefused if it was used, has expired or is unknown.
        """
        self._site()
        return await self._take(_AUTHENTICATE, flow, None)

    async def verify(
        self,
        session: AsyncSession,
        challenge: bytes,
        credential: Credential,
        *,
        of: UUID | None = None,
    ) -> Account:
        """Return the account of the passkey that answered, locked (WebAuthn Level 3, 7.2).

        Raises PasskeyRefused if a check fails, the account is disabled, or the passkey is not
        one of the account `of`.
        """
        site = self._site()
        found = webauthn.credential_id(credential)
        owner = await store.passkeys.owner(session, found)
        if owner is None or of not in (None, owner):
            raise PasskeyRefused
        account = await store.accounts_by_id.by_id(session, owner, lock=True)
        passkey = await store.passkeys.lock(session, found)
        if passkey is None or not account.may_sign_in:
            raise PasskeyRefused
        verified = site.verify_authentication(credential, challenge, passkey)
        await store.passkeys.used(
            session,
            passkey.id,
            sign_count=verified.new_sign_count,
            is_backed_up=verified.credential_backed_up,
            now=self.now(),
        )
        return account

    async def reauthenticate(
        self, flow: str, credential: Credential, account: Account, by: Principal
    ) -> None:
        """Verify a passkey of this account and no other; raise PasskeyRefused."""
        try:
            challenge = await self.challenge(flow)
            async with self.database.begin() as session:
                await self.verify(session, challenge, credential, of=account.id)
        except PasskeyRefused:
            await self.audit.refuse(
                AuditEventType.REAUTHENTICATED, by, PasskeyRefused.code, account
            )
            raise

    async def _begin(
        self, session: AsyncSession, kind: str, challenge: bytes, account_id: UUID | None
    ) -> str:
        flow = new_secret()
        await store.pending_flows.begin(
            session,
            kind,
            secret_hash=digest(flow),
            account_id=account_id,
            facts={"challenge": bytes_to_base64url(challenge)},
            expires_at=self.now() + LIFETIME,
        )
        return flow

    async def _take(self, kind: str, flow: str, account_id: UUID | None) -> bytes:
        """Return the challenge, once; this is committed before the answer is checked."""
        async with self.database.begin() as session:
            begun = await store.pending_flows.finish(
                session, kind, digest(flow), now=self.now()
            )
        if begun is None or begun.account_id != account_id:
            raise PasskeyRefused
        return base64url_to_bytes(begun.facts["challenge"])

    async def _write(
        self,
        session: AsyncSession,
        event: AuditEventType,
        by: Principal,
        account: Account,
        passkey: UUID,
    ) -> None:
        audit_event = AuditEvent(
            type=event, by=by, account=account, facts={"passkey": str(passkey)}
        )
        await store.audit.write(session, audit_event, now=self.now())

    def _site(self) -> Site:
        if self.site is None:
            raise PasskeysDisabled
        return self.site


def _transports(credential: Credential) -> tuple[str, ...]:
    said = credential.get("response", {}).get("transports")
    texts = [each for each in said if isinstance(each, str)] if isinstance(said, list) else []
    return tuple(sorted(_TRANSPORTS.intersection(texts)))
