"""The use cases of a signed-in person: sign in, stay, get access tokens, sign out.

A session is an opaque secret that only its bearer has; what other services see is an access
token of five minutes, signed here and checked by them without a call.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.credentials import Credentials
from users_service.domain import Account, Origin, Session, start_session
from users_service.errors import SessionEnded
from users_service.keys import Keys
from users_service.opaque import digest, new_secret

log = logging.getLogger(__name__)

ACCESS_TOKEN_LIFETIME: Final = timedelta(minutes=5)
REALTIME: Final = "realtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """`secret` is told to its bearer here and never again; nothing else is kept of it."""

    secret: str
    session: Session
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    token: str
    expires_at: datetime
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    database: async_sessionmaker[AsyncSession]
    credentials: Credentials
    keys: Keys
    issuer: str
    now: Callable[[], datetime]

    async def sign_in(self, username: str, password: str, origin: Origin) -> SignedIn:
        """A new session with a new secret, whatever sessions there were."""
        account = await self.credentials.check(username, password, origin, exactly=False)
        secret = new_secret()
        session = start_session(uuid4(), account_id=account.id, origin=origin, now=self.now())
        async with self.database.begin() as database:
            await store.sessions.add(database, session, token_hash=digest(secret))
        facts = {"account": account.id, "session": session.id, "address": origin.address}
        log.info("signed in", extra=facts)
        return SignedIn(secret=secret, session=session, account=account)

    async def current(self, secret: str) -> tuple[Session, Account]:
        """Whose session it is; SessionEnded if it was ended, or ran out, or never was."""
        now = self.now()
        async with self.database.begin() as database:
            found = await store.sessions.find(database, digest(secret))
            if found is None or not found[0].is_alive(now) or not found[1].may_sign_in:
                raise SessionEnded
            session, account = found
            if session.needs_touch(now):
                session = await store.sessions.touch(database, session, now=now)
        return session, account

    async def end(self, secret: str) -> None:
        async with self.database.begin() as database:
            account_id = await store.sessions.end(database, digest(secret))
        if account_id is None:
            raise SessionEnded
        log.info("signed out", extra={"account": account_id})

    async def access_token(self, secret: str, audience: str) -> AccessToken:
        session, account = await self.current(secret)
        now = self.now()
        # Not beyond the session: a token never outlives what it stands for.
        expires_at = min(now + ACCESS_TOKEN_LIFETIME, session.idle_expires_at)
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": audience,
            "sub": str(account.id),
            "name": account.display_name,
            "roles": list(account.roles),
            "sid": str(session.id),
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": str(uuid4()),
        }
        if audience == REALTIME:
            claims["info"] = {"name": account.display_name}
        token = await self.keys.sign(claims)
        return AccessToken(token=token, expires_at=expires_at, account=account)

    async def forget_dead(self) -> None:
        async with self.database.begin() as database:
            await store.sessions.forget_dead(database, now=self.now())
