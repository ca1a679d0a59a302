"""Sends the queued e-mails one by one, in the background.

An e-mail is deleted once the mail server has accepted it. A restart loses none, and while the
server is away each is tried again, after ever longer pauses, until it expires. Any number of
replicas share the table.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import Counter
from service_kit.tasks import repeat
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.accounts.password_reset import PasswordReset
from users_service.crypto.encryption import DecryptionError
from users_service.domain.emails import EmailKind
from users_service.domain.errors import AccountNotFound
from users_service.mail.queue import EmailQueue
from users_service.mail.rendering import EmailTemplates
from users_service.mail.smtp import Deferred, Smtp, Undeliverable
from users_service.tables import EmailRow

log = logging.getLogger(__name__)

_LOOK_EVERY_SECONDS: Final = 1.0
_DEFERRED: Final = "deferred"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSender:
    """Takes e-mails from the queue, writes their text and sends them."""

    database: async_sessionmaker[AsyncSession]
    email_queue: EmailQueue
    password_reset: PasswordReset
    smtp: Smtp | None
    templates: EmailTemplates
    sent: Counter
    now: Callable[[], datetime]

    async def run(self) -> None:
        """Send e-mails until cancelled; wait while the database is away."""
        await repeat(
            self._send_all,
            every=_LOOK_EVERY_SECONDS,
            errors=(SQLAlchemyError, OSError),
            on_error=_log_error,
        )

    async def send_next(self) -> bool:
        """Send an e-mail, or note why not; False if none is due."""
        async with self.database.begin() as session:
            email = await store.emails.take(session, now=self.now())
        if email is None:
            return False
        result = await self._handled(email)
        facts = {"email_id": email.id, "account": email.account_id, "try": email.tries}
        log.info("e-mail %s: %s", email.kind, result, extra=facts)
        if result != _DEFERRED:
            async with self.database.begin() as session:
                await store.emails.done(session, email.id)
        self.sent.labels(email.kind, result).inc()
        return True

    async def forget_dead(self) -> None:
        """Delete e-mails that expired unsent, and log how many they were."""
        async with self.database.begin() as session:
            dead = await store.emails.forget_dead(session, now=self.now())
        if dead and self.smtp is not None:
            log.warning("%d e-mails could not be sent in time", dead)

    async def _send_all(self) -> None:
        while await self.send_next():
            pass

    async def _handled(self, email: EmailRow) -> str:
        try:
            secrets = self.email_queue.secrets_of(email)
            if EmailKind(email.kind) is EmailKind.RESET_ASKED:
                return await self.password_reset.answer(secrets["wanted"], email)
            return await self._send(email, secrets)
        except (Undeliverable, Deferred) as error:
            log.warning("e-mail not sent: %s", error, extra={"email_id": email.id})
            return _DEFERRED if isinstance(error, Deferred) else "undeliverable"
        except DecryptionError:
            log.error("an e-mail cannot be decrypted: USERS_ENCRYPTION_KEY is another one")
            return "unreadable"

    async def _send(self, email: EmailRow, secrets: dict[str, str]) -> str:
        assert self.smtp is not None
        username, to = await self._reader(email)
        to = secrets.get("to", to)
        if not to:
            return "no_address"
        rendered = self.templates.render(
            EmailKind(email.kind),
            username=username,
            at=email.written_at,
            facts=email.facts,
            token=secrets.get("token", ""),
        )
        at, number = email.written_at, email.id
        await self.smtp.send(rendered, to, email_id=number, at=at)
        return "sent"

    async def _reader(self, email: EmailRow) -> tuple[str, str]:
        """Return the account's username and verified address, each "" if there is none."""
        if email.account_id is None:
            return "", ""
        try:
            async with self.database() as session:
                account = await store.accounts_by_id.by_id(session, email.account_id)
        except AccountNotFound:
            return "", ""
        return account.username, account.verified_email or ""


def _log_error(error: Exception, pause: float) -> None:
    log.warning("e-mails wait: the database is away (%s)", type(error).__name__)
