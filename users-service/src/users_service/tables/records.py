"""What the service itself keeps: signing keys, audit log, e-mails, ends of sessions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    LargeBinary,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from users_service.tables.base import Base


class SigningKeyRow(Base):
    """A key that signs access tokens; the private key is PKCS #8 DER, encrypted."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    private_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    active_from: Mapped[datetime]


class AuditRow(Base):
    """A line of the audit log, without foreign keys, so that it outlives accounts.

    A trigger refuses to change it.
    """

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str | None] = mapped_column(Text)
    account_id: Mapped[UUID | None] = mapped_column(index=True)
    account_name: Mapped[str | None] = mapped_column(Text)
    session_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any]]


class EmailRow(Base):
    """An e-mail to be sent, or asked for: `EmailQueue` writes it, `MailSender` sends it."""

    __tablename__ = "letters"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    facts: Mapped[dict[str, Any]]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The secrets, encrypted, with the recipient; None: to the account's verified address."""
    written_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    next_try_at: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(server_default="0")


class SessionEndRow(Base):
    """The end of a session for one consumer, deleted once it was delivered."""

    __tablename__ = "session_ends"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    # No foreign key: the account may be gone as well.
    account_id: Mapped[UUID]
    session_id: Mapped[UUID | None]
    """None: all sessions of the account."""
    generation: Mapped[int | None]
    """For all sessions of the account: the first generation whose tokens are valid."""
    listener: Mapped[str] = mapped_column(Text, server_default="gateway")
    ended_at: Mapped[datetime]
