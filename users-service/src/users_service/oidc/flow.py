"""Away to a provider and back: what a browser left for, and who came back with its answer.

A departure lies here for ten minutes, serves once and for one purpose, and belongs to the
browser that has its secret.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.audit_log import AuditLog
from users_service.crypto.random_tokens import digest, new_secret
from users_service.domain.accounts import Account
from users_service.domain.audit_events import Act, Event
from users_service.domain.errors import UsersError
from users_service.domain.oidc_errors import (
    InvalidRedirect,
    ProviderCannotProve,
    ProviderNotFound,
    SignInRefused,
)
from users_service.domain.principals import Actor
from users_service.domain.sessions import Origin
from users_service.oidc.checks import Return, Visit
from users_service.oidc.client import Elsewhere, Stranger
from users_service.oidc.providers import Provider, Providers
from users_service.rate_limits.limits import Limits
from users_service.sign_in.webauthn import Site

log = logging.getLogger(__name__)

LIFETIME: Final = timedelta(minutes=10)


class Purpose(Enum):
    """What one left for is all that one can come back with."""

    SIGN_IN = "sign in"
    LINK = "link"
    PROVE = "prove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """`flow` stays in the browser that leaves; only it can come back."""

    authorization_url: str
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    stranger: Stranger
    invitation: bytes | None
    """The hash of the code that they left with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departures:
    database: async_sessionmaker[AsyncSession]
    elsewhere: Elsewhere
    providers: Providers
    site: Site | None
    limits: Limits
    audit: AuditLog
    now: Callable[[], datetime]

    async def begin(
        self,
        purpose: Purpose,
        name: str,
        redirect_uri: str,
        origin: Origin,
        account_id: UUID | None = None,
        *,
        invite: str | None = None,
    ) -> Departure:
        provider = self.provider(name)
        if self.site is None or not redirect_uri.startswith(f"{self.site.origin}/"):
            raise InvalidRedirect
        if purpose is Purpose.PROVE and not provider.proves:
            raise ProviderCannotProve
        await self.limits.admit_challenge(origin.address or "")
        visit = Visit(
            state=new_secret(),
            nonce=new_secret(),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=redirect_uri,
            since=self.now().timestamp() if purpose is Purpose.PROVE else None,
            invitation=digest(invite).hex() if invite else None,
        )
        url = await self.elsewhere.authorization_url(provider, visit)
        flow = new_secret()
        async with self.database.begin() as session:
            await store.pending_flows.begin(
                session,
                _kind(purpose, provider),
                secret_hash=digest(flow),
                account_id=account_id,
                facts=asdict(visit),
                expires_at=self.now() + LIFETIME,
            )
        return Departure(authorization_url=url, flow=flow)

    async def end(
        self,
        purpose: Purpose,
        name: str,
        flow: str,
        brought: Return,
        account_id: UUID | None = None,
    ) -> Arrival:
        """Who came back from the provider; SignInRefused if anything is not as it was."""
        provider = self.provider(name)
        kind = _kind(purpose, provider)
        async with self.database.begin() as session:
            begun = await store.pending_flows.finish(
                session, kind, digest(flow), now=self.now()
            )
        if begun is None or begun.account_id != account_id:
            raise SignInRefused("flow")
        visit = Visit(**begun.facts)
        stranger = await self.elsewhere.who(provider, visit, brought)
        invitation = bytes.fromhex(visit.invitation) if visit.invitation else None
        return Arrival(stranger=stranger, invitation=invitation)

    async def tell(
        self, event: Event, by: Actor, account: Account | None, refusal: UsersError, name: str
    ) -> None:
        """Write a refusal down, with the check that failed: its person is not told which."""
        check = refusal.check if isinstance(refusal, SignInRefused) else refusal.code
        log.info("sign-in elsewhere refused: %s", check, extra={"provider": name})
        if name in self.providers:
            facts = {"provider": self.providers[name].issuer, "check": check}
            result = refusal.code
            act = Act(event=event, by=by, account=account, result=result, facts=facts)
            await self.audit.add(act)

    async def look(self) -> None:
        """At the start: tell the operator of providers that cannot be used."""
        await self.elsewhere.look(self.providers)

    def provider(self, name: str) -> Provider:
        if name not in self.providers:
            raise ProviderNotFound
        return self.providers[name]


def _kind(purpose: Purpose, provider: Provider) -> str:
    return f"{purpose.value} at {provider.name}"
