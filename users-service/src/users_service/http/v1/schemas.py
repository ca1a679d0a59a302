"""The JSON of accounts and sessions that several routes share."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from users_service.domain.accounts import Account, AccountOverview
from users_service.domain.sessions import Session
from users_service.domain.two_factor import TwoFactorChallenge
from users_service.sessions.devices import device_name
from users_service.sessions.sessions import NewSession


class AccountOut(BaseModel):
    """An account as other people see it; `name` is what to display."""

    id: UUID
    username: str
    name: str
    roles: list[str]


class OverviewOut(AccountOut):
    """An account as its owner and administrators see it.

    `email` is the address given, `verified_email` the one verified last, to which e-mails go.
    """

    email: str | None
    verified_email: str | None
    """The address that was verified last, to which e-mails go."""
    has_password: bool
    disabled_at: datetime | None
    created_at: datetime
    sessions: int
    last_seen_at: datetime | None


class SessionOut(BaseModel):
    """A session; it ends at `idle_expires_at` unless it is used, and at `expires_at` anyway."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    idle_expires_at: datetime
    reauthenticated_at: datetime
    account: AccountOut


class LoginOut(SessionOut):
    """A new session; `token` is its secret, shown here and never again."""

    token: str


class SecondFactor(BaseModel):
    """A challenge of ten minutes; `methods` are "totp", "recovery_code" or "passkey"."""

    token: str
    methods: list[str]
    expires_at: datetime


class TwoFactorChallengeOut(BaseModel):
    """The first step was right, and the account has a second one."""

    second_factor: SecondFactor


class DeviceOut(BaseModel):
    """One of one's own sessions; `device` is a description such as "Firefox on Linux"."""

    id: UUID
    current: bool
    device: str
    """A description, such as "Firefox on Linux"."""
    user_agent: str
    address: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    idle_expires_at: datetime


def account_out(account: Account) -> AccountOut:
    """Return the account as other people see it."""
    return AccountOut(**_account(account))


def overview_out(overview: AccountOverview) -> OverviewOut:
    """Return the account as its owner and administrators see it."""
    return OverviewOut(
        **_account(overview.account),
        email=overview.account.email,
        verified_email=overview.account.verified_email,
        has_password=overview.has_password,
        disabled_at=overview.account.disabled_at,
        created_at=overview.created_at,
        sessions=overview.sessions,
        last_seen_at=overview.last_seen_at,
    )


def session_out(session: Session, account: Account) -> SessionOut:
    """Return the session as JSON shows it, without its secret."""
    return SessionOut(**_session(session, account))


def login_out(secret: str, session: Session, account: Account) -> LoginOut:
    """Return a new session with its secret."""
    return LoginOut(token=secret, **_session(session, account))


def sign_in_out(
    done: NewSession | TwoFactorChallenge, response: Response
) -> LoginOut | TwoFactorChallengeOut:
    """Return a new session, or the challenge with the status set to 200."""
    if not isinstance(done, TwoFactorChallenge):
        return login_out(done.secret, done.session, done.account)
    response.status_code = 200
    return challenge_out(done)


def challenge_out(step: TwoFactorChallenge) -> TwoFactorChallengeOut:
    """Return the challenge of a second step as JSON shows it."""
    return TwoFactorChallengeOut(
        second_factor=SecondFactor(
            token=step.token, methods=list(step.methods), expires_at=step.expires_at
        )
    )


def device_out(session: Session, *, current: UUID | None) -> DeviceOut:
    """Return the session as its owner sees it; `current` is the id of the one that asks."""
    return DeviceOut(
        id=session.id,
        current=session.id == current,
        device=device_name(session.device),
        user_agent=session.device,
        address=session.address,
        created_at=session.created_at,
        last_seen_at=session.last_seen_at,
        expires_at=session.expires_at,
        idle_expires_at=session.idle_expires_at,
    )


def _account(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "username": account.username,
        "name": account.display_name,
        "roles": list(account.roles),
    }


def _session(session: Session, account: Account) -> dict[str, Any]:
    return {
        "id": session.id,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": session.expires_at,
        "idle_expires_at": session.idle_expires_at,
        "reauthenticated_at": session.reauthenticated_at,
        "account": account_out(account),
    }
