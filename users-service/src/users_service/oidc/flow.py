"""The authorization flow: a browser goes to a provider and comes back with a code.

The request is stored for ten minutes, can be finished once and for one purpose, and belongs to
the browser that holds the flow's secret.
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
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.errors import UsersError
from users_service.domain.oidc_errors import (
    InvalidRedirect,
    ProviderCannotReauthenticate,
    ProviderNotFound,
    SignInRefused,
)
from users_service.domain.principals import ExternalIdentity, Principal
from users_service.domain.sessions import Client
from users_service.oidc.checks import AuthorizationRequest, AuthorizationResponse
from users_service.oidc.client import OidcClient
from users_service.oidc.providers import Provider, Providers
from users_service.rate_limits.limits import RateLimits
from users_service.sign_in.webauthn import Site

log = logging.getLogger(__name__)

LIFETIME: Final = timedelta(minutes=10)


class FlowPurpose(Enum):
    """Why a flow was started: it can be finished for that purpose only."""

    SIGN_IN = "sign in"
    LINK = "link"
    REAUTHENTICATE = "prove"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedFlow:
    """Where to send the browser, and the secret of its flow, which must stay in it."""

    authorization_url: str
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedFlow:
    """The identity that came back, with every check passed."""

    identity: ExternalIdentity
    invitation: bytes | None
    """The hash of the invitation code that was shown at the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationFlows:
    """Starts and finishes flows at the providers that the operator has set up."""

    database: async_sessionmaker[AsyncSession]
    oidc_client: OidcClient
    providers: Providers
    site: Site | None
    limits: RateLimits
    audit: AuditLog
    now: Callable[[], datetime]

    async def start(
        self,
        purpose: FlowPurpose,
        name: str,
        redirect_uri: str,
        client: Client,
        account_id: UUID | None = None,
        *,
        invite: str | None = None,
    ) -> StartedFlow:
        """Store a flow of ten minutes and return where to send the browser.

        `account_id` is that of the signed-in person, if there is one. Raises ProviderNotFound,
        InvalidRedirect, ProviderCannotReauthenticate, ProviderAway or TooManyAttempts.
        """
        provider = self.provider(name)
        if self.site is None or not redirect_uri.startswith(f"{self.site.origin}/"):
            raise InvalidRedirect
        if purpose is FlowPurpose.REAUTHENTICATE and not provider.can_reauthenticate:
            raise ProviderCannotReauthenticate
        await self.limits.admit_challenge(client.address or "")
        request = AuthorizationRequest(
            state=new_secret(),
            nonce=new_secret(),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=redirect_uri,
            since=self.now().timestamp() if purpose is FlowPurpose.REAUTHENTICATE else None,
            invitation=digest(invite).hex() if invite else None,
        )
        url = await self.oidc_client.authorization_url(provider, request)
        flow = new_secret()
        async with self.database.begin() as session:
            await store.pending_flows.begin(
                session,
                _kind(purpose, provider),
                secret_hash=digest(flow),
                account_id=account_id,
                facts=asdict(request),
                expires_at=self.now() + LIFETIME,
            )
        return StartedFlow(authorization_url=url, flow=flow)

    async def finish(
        self,
        purpose: FlowPurpose,
        name: str,
        flow: str,
        response: AuthorizationResponse,
        account_id: UUID | None = None,
    ) -> FinishedFlow:
        """Use the flow up and return who came back; raise SignInRefused or ProviderAway.

        It must have been started for this purpose, provider and account.
        """
        provider = self.provider(name)
        kind = _kind(purpose, provider)
        async with self.database.begin() as session:
            begun = await store.pending_flows.finish(
                session, kind, digest(flow), now=self.now()
            )
        if begun is None or begun.account_id != account_id:
            raise SignInRefused("flow")
        request = AuthorizationRequest(**begun.facts)
        identity = await self.oidc_client.identify(provider, request, response)
        invitation = bytes.fromhex(request.invitation) if request.invitation else None
        return FinishedFlow(identity=identity, invitation=invitation)

    async def record_refusal(
        self,
        event: AuditEventType,
        by: Principal,
        account: Account | None,
        refusal: UsersError,
        name: str,
    ) -> None:
        """Write the refusal to the audit log, the only place that names the failed check."""
        check = refusal.check if isinstance(refusal, SignInRefused) else refusal.code
        log.info("sign-in elsewhere refused: %s", check, extra={"provider": name})
        if name in self.providers:
            facts = {"provider": self.providers[name].issuer, "check": check}
            result = refusal.code
            audit_event = AuditEvent(
                type=event, by=by, account=account, result=result, facts=facts
            )
            await self.audit.add(audit_event)

    async def check_providers(self) -> None:
        """Log a warning, at the start, for each provider that cannot be used."""
        await self.oidc_client.check_providers(self.providers)

    def provider(self, name: str) -> Provider:
        """Return the provider of this name; raise ProviderNotFound."""
        if name not in self.providers:
            raise ProviderNotFound
        return self.providers[name]


def _kind(purpose: FlowPurpose, provider: Provider) -> str:
    return f"{purpose.value} at {provider.name}"
