"""Sign in with a provider, and get an account by it.

Who somebody is is (issuer, subject) and nothing else: an e-mail address or a username that a
provider says never opens an account that exists.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import acts, domain, sessions, store
from users_service.acts import Act, Event
from users_service.departures import Departure, Departures, Purpose
from users_service.domain import Account, Origin, SignUpMode
from users_service.elsewhere import Stranger
from users_service.errors import SignUpClosed, UsersError
from users_service.errors_elsewhere import SignInRefused
from users_service.limits import Limits
from users_service.provider_checks import Return
from users_service.sessions import SignedIn

_NAMES_TRIED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInElsewhere:
    database: async_sessionmaker[AsyncSession]
    departures: Departures
    limits: Limits
    mode: SignUpMode
    now: Callable[[], datetime]

    async def depart(self, name: str, redirect_uri: str, origin: Origin) -> Departure:
        return await self.departures.begin(Purpose.SIGN_IN, name, redirect_uri, origin)

    async def sign_in(self, name: str, flow: str, brought: Return, origin: Origin) -> SignedIn:
        # Each refusal is a line of the audit log: not as many as somebody likes.
        await self.limits.admit_challenge(origin.address or "")
        try:
            stranger = await self.departures.end(Purpose.SIGN_IN, name, flow, brought)
            async with self.database.begin() as session:
                account = await self._account_of(session, stranger, origin)
                return await sessions.start(
                    session,
                    account,
                    origin,
                    by=stranger.issuer,
                    now=self.now(),
                    proven_at=stranger.authenticated_at,
                )
        except UsersError as refusal:
            by = acts.stranger(origin)
            await self.departures.tell(Event.SIGNED_IN, by, None, refusal, name)
            raise

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
