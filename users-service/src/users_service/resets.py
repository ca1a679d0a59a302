"""A new password by a one-time link: the way back for who forgot the old one.

The link is 256 random bits, kept as a hash, good for a day and once. It sets the password and
ends every session; it signs nobody in, so a second factor is asked for as ever.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import acts, domain, passwords, store
from users_service.acts import Act, Actor, Event
from users_service.domain import Origin
from users_service.errors import InvalidResetLink
from users_service.limits import Limits
from users_service.opaque import digest, new_secret
from users_service.passwords import Passwords


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetLink:
    """`token` is shown here and never again."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Resets:
    database: async_sessionmaker[AsyncSession]
    passwords: Passwords
    limits: Limits
    common: frozenset[str]
    now: Callable[[], datetime]

    async def make(self, account_id: UUID, by: Actor) -> ResetLink:
        now = self.now()
        link = ResetLink(token=new_secret(), expires_at=now + domain.RESET_LINK_LIFETIME)
        async with self.database.begin() as session:
            account = await store.people.by_id(session, account_id, lock=True)
            await store.resets.add(
                session,
                account_id,
                secret_hash=digest(link.token),
                now=now,
                expires_at=link.expires_at,
            )
            act = Act(event=Event.RESET_LINK_MADE, by=by, account=account)
            await store.audit.write(session, act, now=now)
        return link

    async def redeem(self, token: str, password: str, origin: Origin) -> None:
        # The same allowance as for other attempts by strangers that cost a hash.
        await self.limits.admit_sign_up(origin.address or "")
        secret_hash = digest(token)
        async with self.database() as session:
            account = await store.resets.account_of(session, secret_hash, now=self.now())
        if account is None:
            raise InvalidResetLink
        passwords.validate(password, username=account.username, common=self.common)
        password_hash = await self.passwords.hash(password)
        now = self.now()
        async with self.database.begin() as session:
            if not await store.resets.use(session, secret_hash, now=now):
                raise InvalidResetLink
            columns = {"password_hash": password_hash}
            await store.people.change(session, account.id, columns=columns, now=now)
            await store.sessions.end_all_of(session, account.id, now=now)
            by = acts.stranger(origin)
            act = Act(event=Event.PASSWORD_RESET, by=by, account=account)
            await store.audit.write(session, act, now=now)
