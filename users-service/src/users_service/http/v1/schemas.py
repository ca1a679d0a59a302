"""The JSON of accounts and sessions, as several routes answer it."""

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
    id: UUID
    username: str
    name: str
    roles: list[str]


class OverviewOut(AccountOut):
    email: str | None
    proven_email: str | None
    """Where letters go: the last address that one reached its person at."""
    has_password: bool
    disabled_at: datetime | None
    created_at: datetime
    sessions: int
    last_seen_at: datetime | None


class SessionOut(BaseModel):
    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    idle_expires_at: datetime
    reauthenticated_at: datetime
    account: AccountOut


class LoginOut(SessionOut):
    token: str


class SecondFactor(BaseModel):
    token: str
    methods: list[str]
    expires_at: datetime


class SecondStepOut(BaseModel):
    second_factor: SecondFactor


class DeviceOut(BaseModel):
    """A session as its person sees it among the others."""

    id: UUID
    current: bool
    device: str
    """In words: "Firefox on Linux"."""
    user_agent: str
    address: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    idle_expires_at: datetime


def account_out(account: Account) -> AccountOut:
    return AccountOut(**_account(account))


def overview_out(overview: AccountOverview) -> OverviewOut:
    return OverviewOut(
        **_account(overview.account),
        email=overview.account.email,
        proven_email=overview.account.proven_email,
        has_password=overview.has_password,
        disabled_at=overview.account.disabled_at,
        created_at=overview.created_at,
        sessions=overview.sessions,
        last_seen_at=overview.last_seen_at,
    )


def session_out(session: Session, account: Account) -> SessionOut:
    return SessionOut(**_session(session, account))


def login_out(secret: str, session: Session, account: Account) -> LoginOut:
    return LoginOut(token=secret, **_session(session, account))


def sign_in_out(
    done: NewSession | TwoFactorChallenge, response: Response
) -> LoginOut | SecondStepOut:
    if not isinstance(done, TwoFactorChallenge):
        return login_out(done.secret, done.session, done.account)
    response.status_code = 200
    return step_out(done)


def step_out(step: TwoFactorChallenge) -> SecondStepOut:
    return SecondStepOut(
        second_factor=SecondFactor(
            token=step.token, methods=list(step.methods), expires_at=step.expires_at
        )
    )


def device_out(session: Session, *, current: UUID | None) -> DeviceOut:
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
