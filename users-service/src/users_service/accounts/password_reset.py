"""A new password by a one-time link, for people who forgot the old one.

The link is 256 random bits, stored as a hash and valid once: for a day if an administrator made
it, for an hour in an e-mail. It sets the password and ends every session, but signs nobody in,
so a second step is still asked for.

The answer to a request for an e-mail is the same, after the same time, for every account and
for none: the request is only stored, and its account is looked up in the background. The e-mail
goes to the verified address, never to what was typed, at most every 15 minutes and ten times a
day. Repeated requests neither flood the owner nor invalidate the link they have.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.audit_log import AuditLog
from users_service.credentials import passwords
from users_service.credentials.passwords import Passwords
from users_service.crypto.random_tokens import digest, new_secret
from users_service.domain import principals
from users_service.domain.accounts import (
    MAILED_LINK_LIFETIME,
    MAILED_LINK_PAUSE,
    RESET_LINK_LIFETIME,
    Account,
    given_text,
)
from users_service.domain.audit_events import OK, AuditEvent, AuditEventType
from users_service.domain.emails import EmailKind
from users_service.domain.errors import InvalidResetLink, TooManyEmails
from users_service.domain.principals import Principal
from users_service.domain.sessions import Client
from users_service.mail.queue import EmailQueue
from users_service.rate_limits.limits import RateLimits
from users_service.tables import EmailRow

_NOBODY: Final = "unknown_account"
_ACCOUNTS_OF_AN_ADDRESS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetLink:
    """A link for a new password; `token` is shown here and never again."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReset:
    """Makes links for new passwords, mails them to account holders, and redeems them."""

    database: async_sessionmaker[AsyncSession]
    passwords: Passwords
    limits: RateLimits
    common: frozenset[str]
    email_queue: EmailQueue
    audit: AuditLog
    now: Callable[[], datetime]

    async def make(self, account_id: UUID, by: Principal) -> ResetLink:
        """Return a link of a day, which replaces earlier ones; raise AccountNotFound."""
        now = self.now()
        link = ResetLink(token=new_secret(), expires_at=now + RESET_LINK_LIFETIME)
        async with self.database.begin() as session:
            account = await store.accounts_by_id.by_id(session, account_id, lock=True)
            await store.reset_links.add(
                session,
                account_id,
                secret_hash=digest(link.token),
                now=now,
                expires_at=link.expires_at,
            )
            audit_event = AuditEvent(
                type=AuditEventType.RESET_LINK_CREATED, by=by, account=account
            )
            await store.audit.write(session, audit_event, now=now)
        return link

    async def ask(self, wanted: str, client: Client) -> None:
        """Write the request down for a username or e-mail address, whether or not it exists.

        Raises MailDisabled, InvalidField or TooManyAttempts.
        """
        self.email_queue.require()
        await self.limits.admit_reset_asked(client.address or "")
        wanted = given_text("account", wanted.strip())
        now = self.now()
        async with self.database.begin() as session:
            await self.email_queue.write(
                session,
                EmailKind.RESET_ASKED,
                {"wanted": wanted},
                account_id=None,
                now=now,
                expires_at=now + MAILED_LINK_LIFETIME,
                facts={"address": client.address},
            )

    async def answer(self, wanted: str, asked: EmailRow) -> str:
        """Queue the e-mails for a request, if any are due; return the last result."""
        by = Principal(address=asked.facts["address"])
        async with self.database.begin() as session:
            result = _NOBODY
            found = await store.accounts_by_id.known_as(
                session, wanted, limit=_ACCOUNTS_OF_AN_ADDRESS
            )
            for account in found:
                result = await self._mail_link(session, account)
                audit_event = AuditEvent(
                    type=AuditEventType.RESET_REQUESTED, by=by, account=account, result=result
                )
                await store.audit.write(session, audit_event, now=self.now())
            if not found:
                audit_event = AuditEvent(
                    type=AuditEventType.RESET_REQUESTED, by=by, result=result
                )
                await store.audit.write(session, audit_event, now=self.now())
        return result

    async def _mail_link(self, session: AsyncSession, account: Account) -> str:
        now, to = self.now(), account.verified_email
        if to is None:
            return "no_verified_email"
        since = now - MAILED_LINK_PAUSE
        if await store.reset_links.was_mailed(session, account.id, since=since):
            return "mailed_lately"
        try:
            await self.limits.admit_email_to(to, "reset")
        except TooManyEmails:
            return "mailed_enough"
        token, expires_at = new_secret(), now + MAILED_LINK_LIFETIME
        await store.reset_links.add(
            session,
            account.id,
            secret_hash=digest(token),
            now=now,
            expires_at=expires_at,
            by_mail=True,
        )
        secrets = {"to": to, "token": token}
        await self.email_queue.write(
            session,
            EmailKind.RESET_LINK,
            secrets,
            account_id=account.id,
            now=now,
            expires_at=expires_at,
        )
        return OK

    async def _refuse(self, account: Account | None, client: Client) -> None:
        by, result = principals.anonymous(client), InvalidResetLink.code
        await self.audit.refuse(AuditEventType.PASSWORD_RESET, by, result, account)

    async def redeem(self, token: str, password: str, client: Client) -> None:
        """Set the password and end all sessions; nobody is signed in.

        Raises InvalidResetLink, which is written to the audit log, or the errors of a new
        password.
        """
        # The same allowance as for other anonymous attempts that cost a hash.
        await self.limits.admit_sign_up(client.address or "")
        secret_hash = digest(token)
        async with self.database() as session:
            account = await store.reset_links.account_of(session, secret_hash, now=self.now())
        if account is None or not account.may_sign_in:
            await self._refuse(account, client)
            raise InvalidResetLink
        passwords.validate(password, username=account.username, common=self.common)
        password_hash = await self.passwords.hash(password)
        try:
            await self._set(account, secret_hash, password_hash, client)
        except InvalidResetLink:
            await self._refuse(account, client)
            raise

    async def _set(
        self, account: Account, secret_hash: bytes, password_hash: str, client: Client
    ) -> None:
        now = self.now()
        async with self.database.begin() as session:
            held = await store.accounts_by_id.hold(session, account)
            if held is None or not await store.reset_links.use(session, secret_hash, now=now):
                raise InvalidResetLink
            columns = {"password_hash": password_hash}
            await store.accounts_by_id.change(session, account.id, columns=columns, now=now)
            await store.sessions.end_all_of(session, account.id, now=now)
            by = principals.anonymous(client)
            audit_event = AuditEvent(type=AuditEventType.PASSWORD_RESET, by=by, account=account)
            await store.audit.write(session, audit_event, now=now)
