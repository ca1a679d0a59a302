"""An account's external identities: listed, linked, unlinked, used to authenticate again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.credentials.methods import SignInMethods
from users_service.domain.accounts import Account
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.errors import UsersError
from users_service.domain.oidc_errors import IdentityNotFound, IdentityTaken, SignInRefused
from users_service.domain.principals import Principal
from users_service.domain.sessions import Client, Session
from users_service.domain.two_factor import TwoFactorChallenge
from users_service.oidc.checks import AuthorizationResponse
from users_service.oidc.flow import AuthorizationFlows, FlowPurpose, StartedFlow
from users_service.sign_in.reauthentication import Reauthentication
from users_service.store.identities import LinkedIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """What signed-in people do with their external identities."""

    database: async_sessionmaker[AsyncSession]
    flows: AuthorizationFlows
    reauthentication: Reauthentication
    sign_in_methods: SignInMethods
    now: Callable[[], datetime]

    async def of(self, account_id: UUID) -> list[tuple[str | None, LinkedIdentity]]:
        """Return the identities, each with its provider's name; None if it is gone."""
        names = {each.issuer: name for name, each in self.flows.providers.items()}
        async with self.database() as session:
            found = await store.identities.of_account(session, account_id)
        return [(names.get(identity.issuer), identity) for identity in found]

    async def start_linking(
        self, name: str, redirect_uri: str, account: Account, client: Client
    ) -> StartedFlow:
        """Return where to send the browser to link an identity; errors as in `flows.start`."""
        return await self.flows.start(FlowPurpose.LINK, name, redirect_uri, client, account.id)

    async def link(
        self,
        name: str,
        flow: str,
        response: AuthorizationResponse,
        account: Account,
        by: Principal,
    ) -> None:
        """Link the identity that came back; raise IdentityTaken, SignInRefused or SessionEnded.

        Refusals are written to the audit log.
        """
        try:
            finished = await self.flows.finish(
                FlowPurpose.LINK, name, flow, response, account.id
            )
            now = self.now()
            async with self.database.begin() as session:
                await store.sessions.hold(session, by)
                who = (finished.identity.issuer, finished.identity.subject)
                if not await store.identities.link(session, account.id, *who, now=now):
                    raise IdentityTaken
                facts = {"provider": finished.identity.issuer}
                audit_event = AuditEvent(
                    type=AuditEventType.IDENTITY_LINKED, by=by, account=account, facts=facts
                )
                await store.audit.write(session, audit_event, now=now)
        except UsersError as refusal:
            await self.flows.record_refusal(
                AuditEventType.IDENTITY_LINKED, by, account, refusal, name
            )
            raise

    async def unlink(self, name: str, account: Account, by: Principal) -> None:
        """Remove all identities with the provider.

        Raises ProviderNotFound, IdentityNotFound, or LastSignInMethod if nothing else is left.
        """
        issuer = self.flows.provider(name).issuer
        async with self.database.begin() as session:
            await store.sessions.hold(session, by)
            if not await store.identities.unlink(session, account.id, issuer):
                raise IdentityNotFound
            await self.sign_in_methods.keep_one(session, account.id)
            facts = {"provider": issuer}
            audit_event = AuditEvent(
                type=AuditEventType.IDENTITY_UNLINKED, by=by, account=account, facts=facts
            )
            await store.audit.write(session, audit_event, now=self.now())

    async def start_reauthentication(
        self, name: str, redirect_uri: str, account: Account, client: Client
    ) -> StartedFlow:
        """Return where to send the browser to authenticate again.

        Raises ProviderCannotReauthenticate.
        """
        return await self.flows.start(
            FlowPurpose.REAUTHENTICATE, name, redirect_uri, client, account.id
        )

    async def reauthenticate(
        self,
        name: str,
        flow: str,
        response: AuthorizationResponse,
        session: Session,
        account: Account,
        by: Principal,
    ) -> Session | TwoFactorChallenge:
        """Return the session, fresh, or the second step, after a return from the provider.

        Raises SignInRefused also for another person at the same provider.
        """
        try:
            finished = await self.flows.finish(
                FlowPurpose.REAUTHENTICATE, name, flow, response, account.id
            )
            async with self.database() as database:
                who = (finished.identity.issuer, finished.identity.subject)
                known = await store.accounts_by_username.of_identity(database, *who)
            if known is None or known.id != account.id:
                raise SignInRefused("somebody else")
        except UsersError as refusal:
            await self.flows.record_refusal(
                AuditEventType.REAUTHENTICATED, by, account, refusal, name
            )
            raise
        return await self.reauthentication.after(
            session, account, by, first=finished.identity.issuer
        )
