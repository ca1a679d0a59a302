"""How people get accounts by themselves: open sign-up, invitation, first administrator.

Exactly one account ever becomes administrator by being the first: the one that gives the setup
token where one is configured, otherwise the first one where sign-up is open.
"""

import hmac
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.accounts.email_verification import EmailVerification
from users_service.credentials import passwords
from users_service.credentials.passwords import Passwords
from users_service.crypto.random_tokens import digest
from users_service.domain import principals
from users_service.domain.accounts import (
    LOCAL,
    Account,
    AccountFields,
    SignUpMode,
    first_roles,
    new_email,
    new_name,
    new_username,
)
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.errors import (
    InvalidInvite,
    InvalidSetupToken,
    SignUpClosed,
    TooManyEmails,
    UsernameTaken,
)
from users_service.domain.sessions import Client
from users_service.rate_limits.limits import RateLimits

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRequest:
    """What a person gives to get an account; `invite` and `setup_token` are secrets."""

    username: str
    password: str
    name: str | None = None
    email: str | None = None
    invite: str | None = None
    setup_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Makes accounts for people who may have one."""

    database: async_sessionmaker[AsyncSession]
    passwords: Passwords
    limits: RateLimits
    common: frozenset[str]
    mode: SignUpMode
    setup_token: str | None
    email_verification: EmailVerification
    now: Callable[[], datetime]

    async def is_first_expected(self) -> bool:
        """Return whether there has never been an administrator."""
        async with self.database() as session:
            return not await store.invitations.is_set_up(session)

    async def register(self, form: RegistrationRequest, client: Client) -> Account:
        """Make an account and return it; nobody is signed in by it.

        Raises SignUpClosed, InvalidInvite, InvalidSetupToken, UsernameTaken, TooManyAttempts,
        Busy, or the errors of a username, field or password.
        """
        await self.limits.admit_sign_up(client.address or "")
        username = new_username(form.username)
        fields = _profile(form)
        passwords.validate(form.password, username=username, common=self.common)
        await self._check_admission(form)
        password_hash = await self.passwords.hash(form.password)
        async with self.database.begin() as session:
            if await store.retired_usernames.is_retired(session, username, now=self.now()):
                raise UsernameTaken(username)
            account = await store.accounts_by_username.add(
                session,
                uuid4(),
                username,
                columns={**fields, "password_hash": password_hash},
                roles=first_roles(None, is_first=False),
                now=self.now(),
            )
            account = await self._admit(session, form, account)
            facts = {"roles": list(account.roles), "invited": form.invite is not None}
            by = principals.account_holder(account, client)
            audit_event = AuditEvent(
                type=AuditEventType.ACCOUNT_CREATED, by=by, account=account, facts=facts
            )
            await store.audit.write(session, audit_event, now=self.now())
            with suppress(TooManyEmails):
                # Whoever had so many written, the account is this person's all the same.
                await self.email_verification.ask(session, account)
        log.info("signed up", extra={"account": account.id, "address": client.address})
        return account

    async def _check_admission(self, form: RegistrationRequest) -> None:
        """Refuse before the password is hashed, which is costly; `_admit` decides."""
        if form.setup_token is not None:
            if not _is_same(form.setup_token, self.setup_token):
                raise InvalidSetupToken
        elif form.invite is not None:
            async with self.database() as session:
                code_hash = digest(form.invite)
                if not await store.invitations.is_open(session, code_hash, now=self.now()):
                    raise InvalidInvite
        elif self.mode is not SignUpMode.OPEN:
            raise SignUpClosed

    async def _admit(
        self, session: AsyncSession, form: RegistrationRequest, account: Account
    ) -> Account:
        """Use up the token or invitation and set the roles, in the account's transaction."""
        invited = None
        is_first = False
        if form.setup_token is not None:
            is_first = await self._claim(session, account)
            if not is_first:
                raise InvalidSetupToken
        elif form.invite is not None:
            invited = await store.invitations.use(
                session, digest(form.invite), by=account.id, now=self.now()
            )
            if invited is None:
                raise InvalidInvite
        elif self.setup_token is None:
            # Where there is a setup token, being quick does not make an administrator.
            is_first = await self._claim(session, account)
        roles = first_roles(invited, is_first=is_first)
        return await store.accounts_by_username.set_roles(session, account.id, roles)

    async def _claim(self, session: AsyncSession, account: Account) -> bool:
        return await store.invitations.claim_setup(session, account.id, now=self.now())


def _profile(form: RegistrationRequest) -> AccountFields:
    fields: AccountFields = {"provider": LOCAL}
    if form.name and form.name.strip():
        fields["name"] = new_name(form.name)
    if form.email and form.email.strip():
        fields["emails"] = [new_email(form.email)]
    return fields


def _is_same(shown: str, expected: str | None) -> bool:
    return bool(expected) and hmac.compare_digest(digest(shown), digest(expected or ""))
