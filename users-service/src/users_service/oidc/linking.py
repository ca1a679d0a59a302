"""Who one is to providers: seen, linked, unlinked, and used to prove once more who one is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.credentials.methods import WaysIn
from users_service.domain.accounts import Account
from users_service.domain.audit_events import Act, Event
from users_service.domain.errors import UsersError
from users_service.domain.oidc_errors import IdentityNotFound, IdentityTaken, SignInRefused
from users_service.domain.principals import Actor
from users_service.domain.sessions import Origin, Session
from users_service.oidc.checks import Return
from users_service.oidc.flow import Departure, Departures, Purpose
from users_service.sign_in.reauthentication import Proofs
from users_service.sign_in.two_factor import SecondStep
from users_service.store.identities import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    database: async_sessionmaker[AsyncSession]
    departures: Departures
    proofs: Proofs
    ways_in: WaysIn
    now: Callable[[], datetime]

    async def of(self, account_id: UUID) -> list[tuple[str | None, Identity]]:
        """Each with its provider's name; None if that is not set up any more."""
        names = {each.issuer: name for name, each in self.departures.providers.items()}
        async with self.database() as session:
            found = await store.identities.of_account(session, account_id)
        return [(names.get(identity.issuer), identity) for identity in found]

    async def depart_to_link(
        self, name: str, redirect_uri: str, account: Account, origin: Origin
    ) -> Departure:
        return await self.departures.begin(Purpose.LINK, name, redirect_uri, origin, account.id)

    async def link(
        self, name: str, flow: str, brought: Return, account: Account, by: Actor
    ) -> None:
        try:
            back = await self.departures.end(Purpose.LINK, name, flow, brought, account.id)
            now = self.now()
            async with self.database.begin() as session:
                await store.sessions.hold(session, by)
                who = (back.stranger.issuer, back.stranger.subject)
                if not await store.identities.link(session, account.id, *who, now=now):
                    raise IdentityTaken
                facts = {"provider": back.stranger.issuer}
                act = Act(event=Event.IDENTITY_LINKED, by=by, account=account, facts=facts)
                await store.audit.write(session, act, now=now)
        except UsersError as refusal:
            await self.departures.tell(Event.IDENTITY_LINKED, by, account, refusal, name)
            raise

    async def unlink(self, name: str, account: Account, by: Actor) -> None:
        issuer = self.departures.provider(name).issuer
        async with self.database.begin() as session:
            await store.sessions.hold(session, by)
            if not await store.identities.unlink(session, account.id, issuer):
                raise IdentityNotFound
            await self.ways_in.keep_one(session, account.id)
            facts = {"provider": issuer}
            act = Act(event=Event.IDENTITY_UNLINKED, by=by, account=account, facts=facts)
            await store.audit.write(session, act, now=self.now())

    async def depart_to_prove(
        self, name: str, redirect_uri: str, account: Account, origin: Origin
    ) -> Departure:
        """Only to a provider that makes people prove who they are, whoever is signed in."""
        return await self.departures.begin(
            Purpose.PROVE, name, redirect_uri, origin, account.id
        )

    async def prove(
        self,
        name: str,
        flow: str,
        brought: Return,
        session: Session,
        account: Account,
        by: Actor,
    ) -> Session | SecondStep:
        """Fresh again, or the second step. Somebody else at the same provider is nobody."""
        try:
            back = await self.departures.end(Purpose.PROVE, name, flow, brought, account.id)
            async with self.database() as database:
                who = (back.stranger.issuer, back.stranger.subject)
                known = await store.accounts_by_username.of_identity(database, *who)
            if known is None or known.id != account.id:
                raise SignInRefused("somebody else")
        except UsersError as refusal:
            await self.departures.tell(Event.REAUTHENTICATED, by, account, refusal, name)
            raise
        return await self.proofs.after(session, account, by, first=back.stranger.issuer)
