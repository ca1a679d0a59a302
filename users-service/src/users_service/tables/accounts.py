"""Accounts, external identities, invitations, and reserved usernames."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from users_service.tables.base import Base


class AccountRow(Base):
    """An account; `username_key` makes names unique that look alike."""

    __tablename__ = "accounts"
    __table_args__ = (
        # "Are there bcrypt hashes left?" is asked at every sign-in, and costs nothing without.
        Index(
            "ix_accounts_legacy_hash",
            "password_hash",
            postgresql_where=text("password_hash LIKE '$2%'"),
        ),
        Index("ix_accounts_proven_email", text("lower(proven_email)")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(Text, unique=True)
    username_key: Mapped[str] = mapped_column(Text, unique=True)
    password_hash: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    provider: Mapped[str | None] = mapped_column(Text)
    family_name: Mapped[str | None] = mapped_column(Text)
    given_name: Mapped[str | None] = mapped_column(Text)
    middle_name: Mapped[str | None] = mapped_column(Text)
    emails: Mapped[list[Any] | None]
    photos: Mapped[list[Any] | None]
    verified_email: Mapped[str | None] = mapped_column("proven_email", Text)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    disabled_at: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(server_default="0")
    """Raised to revoke all access tokens: those of a lower one are refused."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class IdentityRow(Base):
    """An account's identity with a provider: (provider, subject), never an e-mail address."""

    __tablename__ = "identities"

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]


class InvitationRow(Base):
    """An invitation; it stays after its use, to say who used it."""

    __tablename__ = "invitations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    created_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="SET NULL")
    )
    used_at: Mapped[datetime | None]
    used_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))


class SetupRow(Base):
    """At most one row: that a first administrator was made. It outlives the account."""

    __tablename__ = "setup"
    __table_args__ = (CheckConstraint("id = 1", name="once"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="SET NULL")
    )
    done_at: Mapped[datetime]


class RetiredUsernameRow(Base):
    """The hash of a deleted account's name, until somebody else may have the name."""

    __tablename__ = "retired_usernames"

    name_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    free_at: Mapped[datetime]
