"""Accounts as the original's interface has them, for holders of an API key.

The caller acts for an operator and is bound only by what can be stored.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from service_data.visibility import shows_nothing
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.accounts import deletion
from users_service.credentials import passwords
from users_service.credentials.passwords import Passwords
from users_service.domain.accounts import (
    Account,
    AccountFields,
    first_roles,
    given_text,
    identity_provider,
    may_exist,
)
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.errors import (
    AccountNotFound,
    InvalidField,
    OtherProvider,
    UsernameTaken,
)
from users_service.domain.principals import Principal

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyAccounts:
    """The use cases behind the original's routes."""

    database: async_sessionmaker[AsyncSession]
    passwords: Passwords
    now: Callable[[], datetime]

    async def create(self, username: str, fields: AccountFields, by: Principal) -> Account:
        """Make an editor's account; raise UsernameTaken or InvalidField.

        A password may be a bcrypt hash, which is stored as it is.
        """
        given_text("username", username)
        if shows_nothing(username):
            raise InvalidField("username", "must contain visible characters")
        columns = await self._columns(fields)
        async with self.database.begin() as session:
            account = await store.accounts_by_username.add(
                session,
                uuid4(),
                username,
                columns=columns,
                roles=first_roles(None, is_first=False),
                now=self.now(),
            )
            await self._write(session, AuditEventType.ACCOUNT_CREATED, by, account)
        return account

    async def find_or_create(
        self, username: str, fields: AccountFields, by: Principal
    ) -> Account:
        """Return the account of (provider, username), made if need be; raise OtherProvider."""
        given_text("username", username)
        provider = identity_provider(fields)
        if found := await self._of_identity(provider, username):
            return found
        try:
            return await self.create(username, fields, by)
        except UsernameTaken as error:
            # Either a racing caller made it just now, or the name is another provider's.
            if found := await self._of_identity(provider, username):
                return found
            raise OtherProvider(username) from error

    async def update(self, username: str, fields: AccountFields, by: Principal) -> Account:
        """Change what is given and leave the rest; a new password ends all sessions.

        Raises AccountNotFound, InvalidField or OtherProvider.
        """
        _must_be_possible(username)
        columns = await self._columns(fields)
        async with self.database.begin() as session:
            account = await store.accounts_by_username.change(
                session, username, columns=columns, now=self.now()
            )
            if "password_hash" in columns:
                await store.sessions.end_all_of(session, account.id, now=self.now())
            facts = {"fields": sorted(fields)}
            await self._write(session, AuditEventType.ACCOUNT_CHANGED, by, account, facts)
        return account

    async def find(self, username: str) -> Account:
        """Return the account of exactly this name; raise AccountNotFound."""
        _must_be_possible(username)
        async with self.database() as session:
            return await store.accounts_by_username.named(session, username)

    async def everyone(self) -> list[Account]:
        """Return all accounts, the oldest first, without a limit."""
        async with self.database() as session:
            return await store.accounts_by_username.everyone(session)

    async def destroy(self, username: str, by: Principal) -> None:
        """Delete the account; raise AccountNotFound or LastAdministrator."""
        _must_be_possible(username)
        async with self.database.begin() as session:
            account = await store.accounts_by_username.named(session, username)
            await deletion.remove(session, account, by, now=self.now())
        log.info("account destroyed", extra={"account": account.id})

    async def _write(
        self,
        session: AsyncSession,
        event: AuditEventType,
        by: Principal,
        account: Account,
        facts: dict[str, Any] | None = None,
    ) -> None:
        audit_event = AuditEvent(type=event, by=by, account=account, facts=facts or {})
        await store.audit.write(session, audit_event, now=self.now())

    async def _of_identity(self, provider: str, username: str) -> Account | None:
        async with self.database() as session:
            return await store.accounts_by_username.of_identity(session, provider, username)

    async def _columns(self, fields: AccountFields) -> dict[str, Any]:
        columns: dict[str, Any] = {**fields}
        if "password" in columns:
            columns["password_hash"] = await self._hash(columns.pop("password"))
        return columns

    async def _hash(self, password: str | None) -> str | None:
        """Return the hash; None, which no password matches, for an account of a provider."""
        if not password:
            return None
        cost = passwords.bcrypt_cost(password)
        if cost is None:
            return await self.passwords.hash(password)
        if cost > passwords.BCRYPT_COST_LIMIT:
            limit = passwords.BCRYPT_COST_LIMIT
            raise InvalidField(
                "password", f"must not be a bcrypt hash with a cost above {limit}"
            )
        return password


def _must_be_possible(username: str) -> None:
    # The database would not even take such a text to look for.
    if not may_exist(username):
        raise AccountNotFound(username)
