"""What people do to their own account: change its profile or password, export it, delete it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.accounts import deletion
from users_service.accounts.email_verification import EmailVerification
from users_service.credentials import passwords
from users_service.credentials.check import CredentialCheck
from users_service.credentials.passwords import Passwords
from users_service.domain import principals
from users_service.domain.accounts import Account, AccountOverview, new_email, new_name
from users_service.domain.api_tokens import ApiToken
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.errors import InvalidField
from users_service.domain.principals import Principal
from users_service.domain.sessions import Client, Session
from users_service.sessions import sessions
from users_service.sessions.sessions import NewSession
from users_service.sign_in.two_factor import TwoFactor
from users_service.tables import AuditRow

_EXPORTED_LINES: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Everything that is stored about one person, without secrets."""

    overview: AccountOverview
    sessions: list[Session]
    identities: list[tuple[str, str, datetime]]
    """(provider, subject, linked at)."""
    api_tokens: list[ApiToken]
    audit: list[AuditRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChange:
    """The passwords and the code for a change of password."""

    old: str | None
    """None is allowed only if the account has no password."""
    new: str
    code: str | None
    """A code of the second step, if the account has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """What people do to their own account."""

    database: async_sessionmaker[AsyncSession]
    credential_check: CredentialCheck
    two_factor: TwoFactor
    passwords: Passwords
    common: frozenset[str]
    email_verification: EmailVerification
    now: Callable[[], datetime]

    async def overview(self, account_id: UUID) -> AccountOverview:
        """Return the account with its number of sessions; raise AccountNotFound."""
        async with self.database() as session:
            return await store.accounts_by_id.overview(session, account_id)

    async def change_profile(
        self, account: Account, by: Principal, *, changes: dict[str, str | None]
    ) -> AccountOverview:
        """Change "name", "email" or both; None clears one.

        A new address is unverified and is asked for verification. Raises InvalidField,
        TooManyAttempts, TooManyEmails or SessionEnded.
        """
        columns: dict[str, Any] = {}
        if "name" in changes:
            columns["name"] = _name(changes["name"])
        if "email" in changes:
            email = changes["email"]
            columns["emails"] = None if email is None else [new_email(email)]
            if email is None:
                columns["verified_email"] = None
            await self.email_verification.admit(account)
        now = self.now()
        async with self.database.begin() as session:
            await store.sessions.hold(session, by)
            changed = await store.accounts_by_id.change(
                session, account.id, columns=columns, now=now
            )
            if "email" in changes:
                await self.email_verification.changed(session, account, changed, by)
            facts = {"fields": sorted(changes)}
            audit_event = AuditEvent(
                type=AuditEventType.ACCOUNT_CHANGED, by=by, account=account, facts=facts
            )
            await store.audit.write(session, audit_event, now=now)
            return await store.accounts_by_id.overview(session, account.id)

    async def change_password(
        self, kept: Session, account: Account, client: Client, wanted: PasswordChange
    ) -> NewSession:
        """Set the password, end every session and return a new one.

        Who has a second step gives its code, unless this session did lately; the new session is
        no fresher than that. Raises WrongCredentials, CodeRequired, WrongCode or the errors of
        a new password.
        """
        by = principals.account_holder(account, client, kept)
        event = AuditEventType.PASSWORD_CHANGED
        if wanted.old is not None or (await self.overview(account.id)).has_password:
            await self.credential_check.check(
                account.username, wanted.old or "", client, exactly=True, event=event, by=by
            )
        passwords.validate(wanted.new, username=account.username, common=self.common)
        columns = {"password_hash": await self.passwords.hash(wanted.new)}
        now = self.now()
        shown = self.two_factor.verified(
            event, by, account, wanted.code, lately=kept.is_fresh(now)
        )
        # The hash took its time: whose session ended meanwhile changes nothing.
        async with shown as (session, second):
            await store.accounts_by_id.change(session, account.id, columns=columns, now=now)
            await store.sessions.end_all_of(session, account.id, now=now)
            audit_event = AuditEvent(type=event, by=by, account=account)
            await store.audit.write(session, audit_event, now=now)
            return await sessions.start(
                session, account, client, by="password change", now=now,
                authenticated_at=kept.reauthenticated_at if second is None else now,
            )  # fmt: skip

    async def export(self, account: Account, by: Principal) -> Export:
        """Return everything about the account, with the newest 1000 lines of the audit log.

        The export is itself such a line.
        """
        now = self.now()
        async with self.database.begin() as session:
            audit_event = AuditEvent(
                type=AuditEventType.ACCOUNT_EXPORTED, by=by, account=account
            )
            await store.audit.write(session, audit_event, now=now)
            identities = await store.accounts_by_id.identities(session, account.id)
            lines = await store.audit.newest(
                session, before=None, limit=_EXPORTED_LINES, account_id=account.id
            )
            return Export(
                overview=await store.accounts_by_id.overview(session, account.id),
                sessions=await store.sessions.of_account(session, account.id),
                identities=[(row.provider, row.subject, row.created_at) for row in identities],
                api_tokens=await store.api_tokens.of_account(session, account.id),
                audit=list(lines),
            )

    async def delete(self, account: Account, by: Principal) -> None:
        """Delete the account; raise LastAdministrator or SessionEnded."""
        async with self.database.begin() as session:
            # Administrators first, all in one order: two who leave at once wait in turn.
            await store.accounts_by_id.keep_an_administrator(session, without=account.id)
            await store.sessions.hold(session, by)
            await deletion.remove(session, account, by, now=self.now())


def _name(name: str | None) -> str | None:
    if name is None:
        return None
    if not name.strip():
        raise InvalidField("name", "is empty: leave it out instead")
    return new_name(name)
