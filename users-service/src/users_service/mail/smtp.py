"""Hands one e-mail to the mail server, or says whether to try again.

By TLS unless the operator disabled it: a server that does not offer TLS, or has a certificate
for another name, gets neither password nor e-mail.
"""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final, Literal

import aiosmtplib
from pydantic import SecretStr

from users_service.domain.emails import Email

Security = Literal["starttls", "tls", "none"]
PORTS: Final[dict[Security, int]] = {"starttls": 587, "tls": 465, "none": 25}

_SECONDS: Final = 10.0
"""For each answer of the server."""
_SECONDS_IN_ALL: Final = 20.0
"""Shorter than the first pause: another replica would send the e-mail a second time."""
_FOR_GOOD: Final = 500


def is_sender(text: str) -> bool:
    """Return whether the text can be the From of an e-mail (RFC 5322, 3.6.2)."""
    try:
        return bool(Address(addr_spec=parseaddr(text)[1]).domain) and "\n" not in text
    except (MessageError, ValueError, IndexError):
        return False


class Undeliverable(Exception):
    """The e-mail can never be delivered to this address."""


class Deferred(Exception):
    """Not now: the server is away, busy or misconfigured. The text has no secret in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """A mail server and how to speak to it; a connection lives for one e-mail."""

    host: str
    port: int
    security: Security
    sender: str
    """As in a From: "Notes <notes@example.org>"."""
    user: str | None = None
    password: SecretStr | None = None
    trusted: ssl.SSLContext | None = None

    async def send(self, email: Email, to: str, *, email_id: int, at: datetime) -> None:
        """Hand the e-mail to the server; raise Undeliverable or Deferred.

        It waits no longer than 20 seconds. `email_id` and `at` make the same Message-ID at each
        try.
        """
        message = self._message(email, to, email_id, at)
        try:
            async with asyncio.timeout(_SECONDS_IN_ALL):
                await aiosmtplib.send(
                    message,
                    sender=parseaddr(self.sender)[1],
                    # Not read from the message: one e-mail has one recipient.
                    recipients=[to],
                    hostname=self.host,
                    port=self.port,
                    username=self.user,
                    password=self.password.get_secret_value() if self.password else None,
                    timeout=_SECONDS,
                    use_tls=self.security == "tls",
                    start_tls=self.security == "starttls",
                    tls_context=self.trusted if self.security != "none" else None,
                )
        except (aiosmtplib.SMTPException, OSError) as error:
            if _is_for_good(error):
                raise Undeliverable(_described(error)) from None
            raise Deferred(_described(error)) from None

    def _message(self, email: Email, to: str, email_id: int, at: datetime) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        domain = parseaddr(self.sender)[1].rpartition("@")[2]
        try:
            message["From"] = self.sender
            message["To"] = Address(addr_spec=to)
        except (MessageError, ValueError, IndexError):
            raise Undeliverable("not an address") from None
        message["Subject"] = email.subject
        message["Date"] = format_datetime(at)
        # The same at every try: whoever gets it twice can see that.
        message["Message-ID"] = f"<email-{email_id}-{int(at.timestamp())}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(email.text, cte=_encoding(email.text))
        message.add_alternative(email.html, subtype="html", cte=_encoding(email.html))
        return message


def _encoding(text: str) -> str:
    # As it is where it can be: a link that is cut at a line's end is hard to copy.
    return "7bit" if text.isascii() else "quoted-printable"


def _is_for_good(error: Exception) -> bool:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(each.code >= _FOR_GOOD for each in error.recipients)
    if isinstance(error, aiosmtplib.SMTPDataError | aiosmtplib.SMTPRecipientRefused):
        return error.code >= _FOR_GOOD
    return isinstance(error, aiosmtplib.SMTPNotSupported) and "UTF8" in str(error)


def _described(error: Exception) -> str:
    # Not the server's text: it may quote the address or the e-mail.
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return f"recipient refused: {error.recipients[0].code}"
    code = getattr(error, "code", None)
    return type(error).__name__ + (f" {code}" if isinstance(code, int) else "")
