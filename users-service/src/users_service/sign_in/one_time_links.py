"""One-time links that sign in, made with an API key for people who have no other way.

256 random bits, stored as a hash, valid for fifteen minutes and once. A link is only the first
step: an account with a second step is asked for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.audit_log import AuditLog
from users_service.crypto.random_tokens import digest, new_secret
from users_service.domain import principals
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.principals import Principal
from users_service.domain.sessions import Client
from users_service.domain.sign_in_errors import InvalidSignInLink
from users_service.domain.two_factor import TwoFactorChallenge
from users_service.rate_limits.limits import RateLimits
from users_service.sessions.sessions import NewSession
from users_service.sign_in.sign_in import SignIn
from users_service.sign_in.webauthn import Site

LIFETIME: Final = timedelta(minutes=15)
PATH: Final = "/users/sign-in-link"
"""The page of web that takes the token from behind the # of its address."""
_KIND: Final = "sign-in link"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeLink:
    """A link to sign in once; `url` is None where USERS_PUBLIC_URL is not set.

    `token` is shown here and never again.
    """

    token: str
    url: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeLinks:
    """Makes links for people who have no other way to sign in, and redeems them."""

    database: async_sessionmaker[AsyncSession]
    sign_in: SignIn
    site: Site | None
    limits: RateLimits
    audit: AuditLog
    now: Callable[[], datetime]

    async def make(self, account_id: UUID, by: Principal) -> OneTimeLink:
        """Return a link of 15 minutes; raise AccountNotFound.

        Earlier links stay valid until they expire.
        """
        now = self.now()
        token, expires_at = new_secret(), now + LIFETIME
        async with self.database.begin() as session:
            account = await store.accounts_by_id.by_id(session, account_id, lock=True)
            await store.pending_flows.begin(
                session,
                _KIND,
                secret_hash=digest(token),
                account_id=account_id,
                facts={},
                expires_at=expires_at,
            )
            audit_event = AuditEvent(
                type=AuditEventType.SIGN_IN_LINK_CREATED, by=by, account=account
            )
            await store.audit.write(session, audit_event, now=now)
        url = f"{self.site.origin}{PATH}#token={token}" if self.site else None
        return OneTimeLink(token=token, url=url, expires_at=expires_at)

    async def redeem(self, token: str, client: Client) -> NewSession | TwoFactorChallenge:
        """Return a session, or the second step if the account has one.

        Raises InvalidSignInLink, which is written to the audit log, or TooManyAttempts.
        """
        # Each refusal is a line of the audit log: not as many as somebody likes.
        await self.limits.admit_challenge(client.address or "")
        account = None
        async with self.database.begin() as session:
            now = self.now()
            found = await store.pending_flows.hold(session, _KIND, digest(token), now=now)
            if found is not None:
                _, account = found
                if account.may_sign_in:
                    return await self.sign_in.let_in(session, account, client, after=_KIND)
        by, result = principals.anonymous(client), InvalidSignInLink.code
        await self.audit.refuse(AuditEventType.SIGNED_IN, by, result, account)
        raise InvalidSignInLink
