"""E-mail addresses: said by their people, and proven by a letter that reached them.

An address signs nobody in and is no identity. It gets letters: resets of the password and
notices go to the proven one only. Until a new one is proven, they go to the one before.
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
from users_service.domain.audit_events import Act, Event
from users_service.domain.emails import NOTICE_LIFETIME, Kind
from users_service.domain.errors import EmailIsProven, InvalidEmailLink
from users_service.domain.principals import Actor
from users_service.domain.sessions import Origin
from users_service.mail.queue import Outbox
from users_service.rate_limits.limits import Limits

_KIND: Final = "confirm email"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailAddresses:
    database: async_sessionmaker[AsyncSession]
    outbox: Outbox
    limits: Limits
    audit: AuditLog
    now: Callable[[], datetime]

    async def admit(self, account: Account) -> None:
        """TooManyAttempts for who would have us write to ever more strangers."""
        if self.outbox.is_on:
            await self.limits.admit_letter(account.id)

    async def changed(
        self, session: AsyncSession, before: Account, after: Account, by: Actor
    ) -> None:
        """Ask the new address, tell the old one: in the transaction of the change."""
        now = self.now()
        await self.ask(session, after)
        if self.outbox.is_on and before.proven_email not in (None, after.email):
            assert before.proven_email is not None
            await self.outbox.write(
                session,
                Kind.EMAIL_CHANGED,
                {"to": before.proven_email},
                account_id=before.id,
                now=now,
                expires_at=now + NOTICE_LIFETIME,
                facts={"address": by.address},
            )

    async def ask(self, session: AsyncSession, account: Account) -> None:
        """A letter with a link to the address, if it is not proven and letters are sent.

        TooManyLetters where the address has got its share: nobody has asked its reader.
        """
        if not self.outbox.is_on or account.email is None or account.email_is_proven:
            return
        await self.limits.admit_letter_to(account.email, "asked")
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
        await self.outbox.write(
            session,
            Kind.CONFIRM_EMAIL,
            {"to": account.email, "token": token},
            account_id=account.id,
            now=now,
            expires_at=expires_at,
        )

    async def ask_again(self, account: Account) -> None:
        self.outbox.require()
        if account.email is None or account.email_is_proven:
            raise EmailIsProven
        await self.admit(account)
        async with self.database.begin() as session:
            await self.ask(session, account)

    async def prove(self, token: str, origin: Origin) -> str:
        """By who has the letter, signed in or not; the address that is proven now."""
        await self.limits.admit_challenge(origin.address or "")
        try:
            return await self._prove(token, origin)
        except InvalidEmailLink:
            by, result = principals.stranger(origin), InvalidEmailLink.code
            await self.audit.refuse(Event.EMAIL_PROVEN, by, result)
            raise

    async def _prove(self, token: str, origin: Origin) -> str:
        now = self.now()
        async with self.database.begin() as session:
            found = await store.pending_flows.hold(session, _KIND, digest(token), now=now)
            if found is None:
                raise InvalidEmailLink
            asked, account = found
            email: str = asked.facts["email"]
            if account.email != email or not account.may_sign_in:
                raise InvalidEmailLink
            columns = {"proven_email": email}
            await store.accounts_by_id.change(session, account.id, columns=columns, now=now)
            by = principals.stranger(origin)
            act = Act(event=Event.EMAIL_PROVEN, by=by, account=account)
            await store.audit.write(session, act, now=now)
        return email
