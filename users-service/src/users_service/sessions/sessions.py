"""Sessions of signed-in people, and the access tokens made from them.

A session is an opaque secret that only its bearer has. Other services see an access token of
five minutes, which they verify without a call.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.crypto.random_tokens import digest, new_secret
from users_service.domain import principals
from users_service.domain.accounts import Account
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.errors import SessionNotFound
from users_service.domain.principals import Principal
from users_service.domain.sessions import Client, Session, start_session
from users_service.domain.sign_in_errors import ReauthenticationRequired, SessionEnded
from users_service.sessions.access_tokens import AccessToken, AccessTokens

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session and its secret, of which only a hash is kept: shown here and never again."""

    secret: str
    session: Session
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """What a signed-in person can do with their sessions."""

    database: async_sessionmaker[AsyncSession]
    tokens: AccessTokens
    now: Callable[[], datetime]

    async def current(self, secret: str) -> tuple[Session, Account]:
        """Return the session of this secret and its account; raise SessionEnded.

        Its last use is written at most once a minute.
        """
        now = self.now()
        async with self.database.begin() as database:
            found = await store.sessions.find(database, digest(secret))
            if found is None or not found[0].is_alive(now) or not found[1].may_sign_in:
                raise SessionEnded
            session, account = found
            if session.needs_touch(now):
                session = await store.sessions.touch(database, session, now=now)
        return session, account

    def require_fresh(self, session: Session) -> None:
        """Raise ReauthenticationRequired if the last authentication is 15 minutes old."""
        if not session.is_fresh(self.now()):
            raise ReauthenticationRequired

    async def of(self, account: Account) -> list[Session]:
        """Return the account's sessions that are alive, the last used first."""
        now = self.now()
        async with self.database() as database:
            found = await store.sessions.of_account(database, account.id)
        return [session for session in found if session.is_alive(now)]

    async def end(self, session_id: UUID, account: Account, by: Principal) -> None:
        """End a session of the account, the current one too; raise SessionNotFound."""
        is_own = session_id == by.session_id
        event = AuditEventType.SIGNED_OUT if is_own else AuditEventType.SESSION_ENDED
        facts = {} if is_own else {"session": str(session_id)}
        now = self.now()
        async with self.database.begin() as database:
            if not await store.sessions.end(database, session_id, account.id, now=now):
                raise SessionNotFound
            audit_event = AuditEvent(type=event, by=by, account=account, facts=facts)
            await store.audit.write(database, audit_event, now=now)
        log.info("session ended", extra={"account": account.id, "session": session_id})

    async def end_others(self, kept: Session, account: Account, by: Principal) -> int:
        """End all sessions but this one, and return how many they were."""
        now = self.now()
        async with self.database.begin() as database:
            await store.sessions.hold(database, by)
            number = await store.sessions.end_others(database, kept, now=now)
            facts = {"sessions": number}
            audit_event = AuditEvent(
                type=AuditEventType.SESSIONS_ENDED, by=by, account=account, facts=facts
            )
            await store.audit.write(database, audit_event, now=now)
        return number

    async def access_token(self, secret: str, audience: str) -> AccessToken:
        """Return an access token that lives no longer than the session; raise SessionEnded."""
        session, account = await self.current(secret)
        return await self.tokens.make(
            account,
            audience,
            sid=session.id,
            until=session.idle_expires_at,
            roles=account.roles,
        )

    async def forget_dead(self) -> None:
        """Delete sessions, links, flows and reserved names that have expired.

        Nobody needs to be told: the access tokens of those sessions have ended, too.
        """
        now = self.now()
        async with self.database.begin() as database:
            await store.sessions.forget_dead(database, now=now)
            await store.reset_links.forget_dead(database, now=now)
            await store.retired_usernames.forget_free(database, now=now)
            await store.pending_flows.forget_dead(database, now=now)


async def start(
    database: AsyncSession,
    account: Account,
    client: Client,
    *,
    by: str,
    now: datetime,
    authenticated_at: datetime | None = None,
) -> NewSession:
    """Start a session in the caller's transaction, which has locked and checked the account.

    `by` is the way to sign in, for the audit log. `authenticated_at` is when the person signed
    in at a provider: the session is as fresh as that.
    """
    secret = new_secret()
    session = start_session(
        uuid4(),
        account_id=account.id,
        client=client,
        now=now,
        authenticated_at=authenticated_at or now,
    )
    await store.sessions.add(database, session, token_hash=digest(secret))
    audit_event = AuditEvent(
        type=AuditEventType.SIGNED_IN,
        by=principals.account_holder(account, client, session),
        account=account,
        facts={"by": by},
    )
    await store.audit.write(database, audit_event, now=now)
    facts = {"account": account.id, "session": session.id, "address": client.address}
    log.info("signed in", extra=facts)
    return NewSession(secret=secret, session=session, account=account)
