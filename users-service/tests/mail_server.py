"""A real SMTP server on a free port: keeps what it is given, and refuses what it is told to."""

import asyncio
import datetime
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "notes", "canary-smtp-password"


@dataclass
class MailServer:
    """`answers` are said to the next e-mails, "" keeps one; `to` is whom the envelope names."""

    port: int = 0
    emails: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    authenticated: int = 0
    is_slow: bool = False

    async def handle_RCPT(
        self, _: Any, __: Any, envelope: Envelope, address: str, ___: Any
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, __: Any, envelope: Envelope) -> str:
        if self.is_slow:
            await asyncio.sleep(3600)
        if self.answers and (answer := self.answers.pop(0)):
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        email = message_from_bytes(content, policy=policy.default)
        assert isinstance(email, EmailMessage)
        self.emails.append(email)
        self.to.append(list(envelope.rcpt_tos))
        return "250 OK"

    def authenticate(
        self, _: Any, __: Any, ___: Any, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        is_right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        self.authenticated += is_right
        return AuthResult(success=is_right, handled=False)

    async def kept(self, number: int) -> list[EmailMessage]:
        """So many e-mails, as soon as they are there."""
        await until(lambda: len(self.emails) >= number)
        assert len(self.emails) == number
        return self.emails


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - what another task does is looked at from outside
            await asyncio.sleep(0.02)


def text_of(email: EmailMessage) -> str:
    """The plain text."""
    part = email.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def link_in(email: EmailMessage) -> tuple[str, str]:
    """The page, and the token behind its #."""
    found = re.search(r"(https?://\S+)#(\S+)", text_of(email))
    assert found
    return found[1], found[2].partition("=")[2]


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, implicit: bool = False, auth: bool = False
) -> AsyncIterator[MailServer]:
    """`tls` offers STARTTLS and asks for it, or `implicit` begins with it."""
    there = MailServer()

    def one_client() -> SMTP:
        return SMTP(
            there,
            hostname="localhost",
            tls_context=None if implicit else tls,
            require_starttls=tls is not None and not implicit,
            authenticator=there.authenticate if auth else None,
            auth_required=auth,
            auth_require_tls=not implicit,
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
        )

    wrapped = tls if implicit else None
    server = await asyncio.get_running_loop().create_server(
        one_client, "127.0.0.1", 0, ssl=wrapped
    )
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield there
    finally:
        server.close()


def certificate(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, str]:
    """A server's context, and what who believes it has to know."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "server.pem").write_bytes(pem + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context, pem.decode()
