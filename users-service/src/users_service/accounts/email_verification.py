"""E-mail addresses, which their owners enter and verify by a link that reaches them.

An address is no identity and signs nobody in. Password resets and notices go to the verified
address only; until a new one is verified, they go to the one before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.audit_log import AuditLog
from users_service.crypto.random_tokens import digest, new_secret
from users_service.domain import principals
from users_service.domain.accounts import EMAIL_LINK_LIFETIME, Account
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.emails import NOTICE_LIFETIME, EmailKind
from users_service.domain.errors import EmailAlreadyVerified, InvalidEmailLink
from users_service.domain.principals import Principal
from users_service.domain.sessions import Client
from users_service.mail.queue import EmailQueue
from users_service.rate_limits.limits import RateLimits

_KIND: Final = "confirm email"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerification:
    """Sends links that verify e-mail addresses, and takes the tokens from them."""

    database: async_sessionmaker[AsyncSession]
    email_queue: EmailQueue
    limits: RateLimits
    audit: AuditLog
    now: Callable[[], datetime]

    async def admit(self, account: Account) -> None:
        """Count an e-mail to an unverified address; raise TooManyAttempts.

        Counts nothing where no mail server is configured.
        """
        if self.email_queue.is_on:
            await self.limits.admit_email(account.id)

    async def changed(
        self, session: AsyncSession, before: Account, after: Account, by: Principal
    ) -> None:
        """Ask the new address and tell the old one, in the transaction of the change."""
        now = self.now()
        await self.ask(session, after)
        if self.email_queue.is_on and before.verified_email not in (None, after.email):
            assert before.verified_email is not None
            await self.email_queue.write(
                session,
                EmailKind.EMAIL_CHANGED,
                {"to": before.verified_email},
                account_id=before.id,
                now=now,
                expires_at=now + NOTICE_LIFETIME,
                facts={"address": by.address},
            )

    async def ask(self, session: AsyncSession, account: Account) -> None:
        """Queue an e-mail with a link, unless the address is verified or e-mails are off.

        Raises TooManyEmails if the address has had its share: its reader never asked for any.
        """
        if not self.email_queue.is_on or account.email is None or account.email_is_verified:
            return
        await self.limits.admit_email_to(account.email, "asked")
        now, token = self.now(), new_secret()
        expires_at = now + EMAIL_LINK_LIFETIME
        await store.pending_flows.begin(
            session,
            _KIND,
            secret_hash=digest(token),
            account_id=account.id,
            facts={"email": account.email},
            expires_at=expires_at,
        )
        await self.email_queue.write(
            session,
            EmailKind.CONFIRM_EMAIL,
            {"to": account.email, "token": token},
            account_id=account.id,
            now=now,
            expires_at=expires_at,
        )

    async def ask_again(self, account: Account) -> None:
        """Queue another link to the account's own address.

        Raises MailDisabled, EmailAlreadyVerified, TooManyAttempts or TooManyEmails.
        """
        self.email_queue.require()
        if account.email is None or account.email_is_verified:
            raise EmailAlreadyVerified
        await self.admit(account)
        async with self.database.begin() as session:
            await self.ask(session, account)

    async def verify(self, token: str, client: Client) -> str:
        """Return the address that the token verifies; its bearer need not be signed in.

        Raises InvalidEmailLink, which is written to the audit log, or TooManyAttempts.
        """
        await self.limits.admit_challenge(client.address or "")
        try:
            return await self._verify(token, client)
        except InvalidEmailLink:
            by, result = principals.anonymous(client), InvalidEmailLink.code
            await self.audit.refuse(AuditEventType.EMAIL_VERIFIED, by, result)
            raise

    async def _verify(self, token: str, client: Client) -> str:
        now = self.now()
        async with self.database.begin() as session:
            found = await store.pending_flows.hold(session, _KIND, digest(token), now=now)
            if found is None:
                raise InvalidEmailLink
            asked, account = found
            email: str = asked.facts["email"]
            if account.email != email or not account.may_sign_in:
                raise InvalidEmailLink
            columns = {"verified_email": email}
            await store.accounts_by_id.change(session, account.id, columns=columns, now=now)
            by = principals.anonymous(client)
            audit_event = AuditEvent(type=AuditEventType.EMAIL_VERIFIED, by=by, account=account)
            await store.audit.write(session, audit_event, now=now)
        return email
