"""Is this the person? The one place where a name and a password are checked.

Unknown name, wrong password, disabled account: the same answer after the same work, one log
line each, without what was typed. A wrong password is written into the audit log; attempts that
the limits refuse are only logged and counted, so that nobody can fill a table with them.
"""

import asyncio
import logging
from dataclasses import dataclass

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.audit_log import AuditLog
from users_service.credentials.methods import WaysIn
from users_service.credentials.passwords import Check, Passwords
from users_service.domain import principals
from users_service.domain.accounts import Account, may_exist, username_key
from users_service.domain.audit_events import Act, Event
from users_service.domain.errors import TooManyAttempts
from users_service.domain.principals import Actor
from users_service.domain.sessions import Origin
from users_service.domain.sign_in_errors import WrongCredentials
from users_service.rate_limits.limits import Limits
from users_service.store.accounts_by_username import Secret

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Credentials:
    database: async_sessionmaker[AsyncSession]
    passwords: Passwords
    limits: Limits
    audit: AuditLog
    ways_in: WaysIn
    checks: Counter

    async def check(
        self,
        username: str,
        password: str,
        origin: Origin,
        *,
        exactly: bool,
        event: Event,
        by: Actor | None = None,
    ) -> Account:
        """Return whose they are; WrongCredentials or TooManyAttempts if nobody's.

        PasswordLoginOff, whatever they are, where passwords are no way in.
        `exactly` tells "Ivy" from "ivy", as the original does; at a form either will do.
        `event` is what the caller will write down if it is right, and this if it is not.
        """
        self.ways_in.require_passwords()
        self.passwords.refuse_if_full()  # before the attempt counts
        # "" is nobody's name, as is every name that cannot exist.
        name = username if may_exist(username) else ""
        key = username_key(name)
        try:
            pause = await self.limits.admit_login(key, origin.address)
        except TooManyAttempts:
            self._tell("too_many_attempts", None, origin)
            raise
        if pause:
            await asyncio.sleep(pause)
        async with self.database() as session:
            secret = await store.accounts_by_username.secret_of(session, name, exactly=exactly)
        verdict = await self.passwords.check(
            password, secret.password_hash, legacy_cost=secret.legacy_cost
        )
        account = secret.account
        if account is None or not verdict.is_right or not account.may_sign_in:
            self._tell(WrongCredentials.code, account, origin)
            by = by or principals.stranger(origin)
            result = WrongCredentials.code
            await self.audit.add(Act(event=event, by=by, account=account, result=result))
            raise WrongCredentials
        await self._welcome(account, secret, verdict, key, origin)
        return account

    async def _welcome(
        self, account: Account, secret: Secret, verdict: Check, key: str, origin: Origin
    ) -> None:
        await self.limits.forgive_login(key, origin.address)
        if verdict.replacement is not None and secret.password_hash is not None:
            async with self.database.begin() as session:
                await store.accounts_by_username.replace_hash(
                    session, account.id, old=secret.password_hash, new=verdict.replacement
                )
        self._tell("ok", account, origin)

    def _tell(self, result: str, account: Account | None, origin: Origin) -> None:
        self.checks.labels(result).inc()
        facts = {"account": account.id if account else "unknown", "address": origin.address}
        log.info("password check: %s", result, extra=facts)
