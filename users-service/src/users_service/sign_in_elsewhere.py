"""Sign in with a provider, and link one to the account of a signed-in person.

Who somebody is is (issuer, subject) and nothing else: an e-mail address or a username that a
provider says never opens an account that exists. A flow lies here for ten minutes, serves once,
and belongs to the browser that has its secret.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import acts, domain, sessions, store
from users_service.acts import Act, Actor, Event
from users_service.audit import AuditLog
from users_service.domain import Account, Origin, SignUpMode
from users_service.elsewhere import Elsewhere, Stranger
from users_service.errors import SignUpClosed, UsersError
from users_service.errors_elsewhere import (
    IdentityNotFound,
    IdentityTaken,
    InvalidRedirect,
    ProviderNotFound,
    SignInRefused,
)
from users_service.factors import LastWayIn
from users_service.limits import Limits
from users_service.opaque import digest, new_secret
from users_service.provider_checks import Return, Visit
from users_service.providers import Provider
from users_service.sessions import SignedIn
from users_service.webauthn_site import Site

log = logging.getLogger(__name__)

LIFETIME: Final = timedelta(minutes=10)
_KIND: Final = "elsewhere: "
_NAMES_TRIED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """`flow` stays in the browser that leaves; only it can come back."""

    authorization_url: str
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInElsewhere:
    database: async_sessionmaker[AsyncSession]
    elsewhere: Elsewhere
    providers: Mapping[str, Provider]
    site: Site | None
    limits: Limits
    audit: AuditLog
    mode: SignUpMode
    now: Callable[[], datetime]

    async def depart(
        self, name: str, redirect_uri: str, origin: Origin, *, link_to: Account | None = None
    ) -> Departure:
        provider = self._provider(name)
        if self.site is None or not redirect_uri.startswith(f"{self.site.origin}/"):
            raise InvalidRedirect
        await self.limits.admit_challenge(origin.address or "")
        visit = Visit(
            state=new_secret(),
            nonce=new_secret(),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=redirect_uri,
        )
        url = await self.elsewhere.authorization_url(provider, visit)
        flow = new_secret()
        async with self.database.begin() as session:
            await store.ceremonies.begin(
                session,
                _KIND + provider.name,
                secret_hash=digest(flow),
                account_id=link_to.id if link_to else None,
                facts=asdict(visit),
                expires_at=self.now() + LIFETIME,
            )
        return Departure(authorization_url=url, flow=flow)

    async def sign_in(self, name: str, flow: str, brought: Return, origin: Origin) -> SignedIn:
        # Each refusal is a line of the audit log: not as many as somebody likes.
        await self.limits.admit_challenge(origin.address or "")
        try:
            stranger = await self._who(name, flow, brought, None)
            async with self.database.begin() as session:
                account = await self._account_of(session, stranger, origin)
                return await sessions.start(
                    session, account, origin, by=stranger.issuer, now=self.now()
                )
        except UsersError as refusal:
            await self._tell(Event.SIGNED_IN, acts.stranger(origin), None, refusal, name)
            raise

    async def link(
        self, name: str, flow: str, brought: Return, account: Account, by: Actor
    ) -> None:
        try:
            stranger = await self._who(name, flow, brought, account)
            now = self.now()
            async with self.database.begin() as session:
                who = (stranger.issuer, stranger.subject)
                if not await store.identities.link(session, account.id, *who, now=now):
                    raise IdentityTaken
                facts = {"provider": stranger.issuer}
                act = Act(event=Event.IDENTITY_LINKED, by=by, account=account, facts=facts)
                await store.audit.write(session, act, now=now)
        except UsersError as refusal:
            await self._tell(Event.IDENTITY_LINKED, by, account, refusal, name)
            raise

    async def unlink(self, name: str, account: Account, by: Actor) -> None:
        provider = self._provider(name)
        async with self.database.begin() as session:
            await store.people.by_id(session, account.id, lock=True)
            if not await store.identities.unlink(session, account.id, provider.issuer):
                raise IdentityNotFound
            await _keep_a_way_in(session, account)
            facts = {"provider": provider.issuer}
            act = Act(event=Event.IDENTITY_UNLINKED, by=by, account=account, facts=facts)
            await store.audit.write(session, act, now=self.now())

    async def _who(
        self, name: str, flow: str, brought: Return, link_to: Account | None
    ) -> Stranger:
        provider = self._provider(name)
        kind = _KIND + provider.name
        async with self.database.begin() as session:
            begun = await store.ceremonies.finish(session, kind, digest(flow), now=self.now())
        expected = link_to.id if link_to else None
        if begun is None or begun.account_id != expected:
            raise SignInRefused("flow")
        return await self.elsewhere.who(provider, Visit(**begun.facts), brought)

    async def _account_of(
        self, session: AsyncSession, stranger: Stranger, origin: Origin
    ) -> Account:
        who = (stranger.issuer, stranger.subject)
        known = await store.accounts.of_identity(session, *who)
        if known is None:
            return await self._new_account(session, stranger, origin)
        if not known.may_sign_in:
            raise SignInRefused("disabled")
        return known

    async def _new_account(
        self, session: AsyncSession, stranger: Stranger, origin: Origin
    ) -> Account:
        if self.mode is not SignUpMode.OPEN:
            raise SignUpClosed
        await self.limits.admit_sign_up(origin.address or "")
        now, account_id = self.now(), uuid4()
        name = domain.shown_name(stranger.name)
        for username in domain.names_like(stranger.username, _NAMES_TRIED):
            if await store.names.is_retired(session, username, now=now):
                continue
            if await store.identities.add_account(session, account_id, username, name, now=now):
                break
        else:
            raise SignInRefused("no free name")
        if not await store.identities.link(
            session, account_id, stranger.issuer, stranger.subject, now=now
        ):
            # Two tabs at once: the other one made the account just now.
            raise SignInRefused("twice at once")
        account = await store.people.by_id(session, account_id)
        facts = {"provider": stranger.issuer}
        by = acts.person(account, origin)
        act = Act(event=Event.ACCOUNT_CREATED, by=by, account=account, facts=facts)
        await store.audit.write(session, act, now=now)
        return account

    async def _tell(
        self,
        event: Event,
        by: Actor,
        account: Account | None,
        refusal: UsersError,
        name: str,
    ) -> None:
        check = refusal.check if isinstance(refusal, SignInRefused) else refusal.code
        log.info("sign-in elsewhere refused: %s", check, extra={"provider": name})
        if name in self.providers:
            facts = {"provider": self.providers[name].issuer, "check": check}
            result = refusal.code
            act = Act(event=event, by=by, account=account, result=result, facts=facts)
            await self.audit.add(act)

    def _provider(self, name: str) -> Provider:
        if name not in self.providers:
            raise ProviderNotFound
        return self.providers[name]


async def _keep_a_way_in(session: AsyncSession, account: Account) -> None:
    has_password = await store.people.password_hash(session, account.id) is not None
    others = await store.identities.count_elsewhere(session, account.id)
    passkeys = await store.passkeys.of_account(session, account.id)
    if not (has_password or others or passkeys):
        raise LastWayIn
