"""The one place where a username and a password are checked.

An unknown name, a wrong password and a disabled account get the same answer after the same
work, and one log line each, without what was typed. A wrong password is written to the audit
log. Attempts that the limits refuse are only logged and counted, so that nobody can fill a
table with them.
"""

import asyncio
import logging
from dataclasses import dataclass

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.audit_log import AuditLog
from users_service.credentials.methods import SignInMethods
from users_service.credentials.passwords import Passwords, PasswordVerdict
from users_service.domain import principals
from users_service.domain.accounts import Account, may_exist, username_key
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.errors import TooManyAttempts
from users_service.domain.principals import Principal
from users_service.domain.sessions import Client
from users_service.domain.sign_in_errors import WrongCredentials
from users_service.rate_limits.limits import RateLimits
from users_service.store.accounts_by_username import StoredPassword

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CredentialCheck:
    """Checks a username and a password, within the limits."""

    database: async_sessionmaker[AsyncSession]
    passwords: Passwords
    limits: RateLimits
    audit: AuditLog
    sign_in_methods: SignInMethods
    checks: Counter

    async def check(
        self,
        username: str,
        password: str,
        client: Client,
        *,
        exactly: bool,
        event: AuditEventType,
        by: Principal | None = None,
    ) -> Account:
        """Return the account if the password is its own; raise WrongCredentials if not.

        Raises TooManyAttempts or Busy, and PasswordSignInDisabled where it is, right or not.
        `exactly` tells "Ivy" from "ivy", as the original does; a sign-in form accepts either.
        A failure is written to the audit log as `event`; a success is the caller's to write.
        """
        self.sign_in_methods.require_passwords()
        self.passwords.refuse_if_full()  # before the attempt counts
        # "" is nobody's name, as is every name that cannot exist.
        name = username if may_exist(username) else ""
        key = username_key(name)
        try:
            pause = await self.limits.admit_login(key, client.address)
        except TooManyAttempts:
            self._log("too_many_attempts", None, client)
            raise
        if pause:
            await asyncio.sleep(pause)
        async with self.database() as session:
            stored = await store.accounts_by_username.stored_password(
                session, name, exactly=exactly
            )
        verdict = await self.passwords.check(
            password, stored.password_hash, legacy_cost=stored.legacy_cost
        )
        account = stored.account
        if account is None or not verdict.is_right or not account.may_sign_in:
            self._log(WrongCredentials.code, account, client)
            by = by or principals.anonymous(client)
            result = WrongCredentials.code
            await self.audit.add(AuditEvent(type=event, by=by, account=account, result=result))
            raise WrongCredentials
        await self._succeed(account, stored, verdict, key, client)
        return account

    async def _succeed(
        self,
        account: Account,
        stored: StoredPassword,
        verdict: PasswordVerdict,
        key: str,
        client: Client,
    ) -> None:
        await self.limits.forgive_login(key, client.address)
        if verdict.replacement is not None and stored.password_hash is not None:
            async with self.database.begin() as session:
                await store.accounts_by_username.replace_hash(
                    session, account.id, old=stored.password_hash, new=verdict.replacement
                )
        self._log("ok", account, client)

    def _log(self, result: str, account: Account | None, client: Client) -> None:
        self.checks.labels(result).inc()
        facts = {"account": account.id if account else "unknown", "address": client.address}
        log.info("password check: %s", result, extra=facts)
