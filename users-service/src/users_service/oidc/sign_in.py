"""Sign in with a provider, and get an account by it.

Who somebody is is (issuer, subject) and nothing else: an e-mail address or a username that a
provider says never opens an account that exists.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.credentials.methods import WaysIn
from users_service.domain import principals
from users_service.domain.accounts import (
    Account,
    SignUpMode,
    first_roles,
    names_like,
    shown_name,
)
from users_service.domain.audit_events import Act, Event
from users_service.domain.errors import InvalidInvite, SignUpClosed, UsersError
from users_service.domain.oidc_errors import SignInRefused
from users_service.domain.sessions import UNPROVEN, Origin
from users_service.oidc.checks import Return
from users_service.oidc.flow import Arrival, Departure, Departures, Purpose
from users_service.rate_limits.limits import Limits
from users_service.sessions.sessions import SignedIn
from users_service.sign_in.sign_in import SignIn
from users_service.sign_in.two_factor import SecondStep

_NAMES_TRIED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInElsewhere:
    database: async_sessionmaker[AsyncSession]
    departures: Departures
    sign_in: SignIn
    ways_in: WaysIn
    limits: Limits
    mode: SignUpMode
    now: Callable[[], datetime]

    async def depart(
        self, name: str, redirect_uri: str, origin: Origin, *, invite: str | None = None
    ) -> Departure:
        """`invite` is for who turns out to have no account yet; for others it stays good."""
        return await self.departures.begin(
            Purpose.SIGN_IN, name, redirect_uri, origin, invite=invite
        )

    async def come_back(
        self, name: str, flow: str, brought: Return, origin: Origin
    ) -> SignedIn | SecondStep:
        # Each refusal is a line of the audit log: not as many as somebody likes.
        await self.limits.admit_challenge(origin.address or "")
        try:
            back = await self.departures.end(Purpose.SIGN_IN, name, flow, brought)
            async with self.database.begin() as session:
                account = await self._account_of(session, back, origin)
                return await self.sign_in.let_in(
                    session,
                    account,
                    origin,
                    after=back.stranger.issuer,
                    proven_at=await self._proven_at(session, back, account),
                )
        except UsersError as refusal:
            by = principals.stranger(origin)
            await self.departures.tell(Event.SIGNED_IN, by, None, refusal, name)
            raise

    async def _proven_at(
        self, session: AsyncSession, back: Arrival, account: Account
    ) -> datetime | None:
        """As the provider says. Where it does not, it may have been long ago: such a session
        is fresh (None) only of who has no other way to prove it than to sign in anew.
        """
        said = back.stranger.authenticated_at
        if said is None and await self.ways_in.can_prove(session, account.id):
            return UNPROVEN
        return said

    async def _account_of(
        self, session: AsyncSession, back: Arrival, origin: Origin
    ) -> Account:
        who = (back.stranger.issuer, back.stranger.subject)
        known = await store.accounts_by_username.of_identity(session, *who)
        if known is None:
            return await self._new_account(session, back, origin)
        if not known.may_sign_in:
            raise SignInRefused("disabled")
        held = await store.accounts_by_id.hold(session, known)
        if held is None or await store.accounts_by_username.of_identity(session, *who) is None:
            raise SignInRefused("changed meanwhile")
        return held

    async def _new_account(
        self, session: AsyncSession, back: Arrival, origin: Origin
    ) -> Account:
        if self.mode is not SignUpMode.OPEN and back.invitation is None:
            raise SignUpClosed
        await self.limits.admit_sign_up(origin.address or "")
        account_id = await self._add(session, back)
        invited = await self._invited(session, back, account_id)
        roles = first_roles(invited, is_first=False)
        account = await store.accounts_by_username.set_roles(session, account_id, roles)
        facts = {"provider": back.stranger.issuer, "invited": invited is not None}
        by = principals.person(account, origin)
        act = Act(event=Event.ACCOUNT_CREATED, by=by, account=account, facts=facts)
        await store.audit.write(session, act, now=self.now())
        return account

    async def _add(self, session: AsyncSession, back: Arrival) -> UUID:
        """An account under a name that is free, with this identity."""
        now, account_id, stranger = self.now(), uuid4(), back.stranger
        name = shown_name(stranger.name)
        for username in names_like(stranger.username, _NAMES_TRIED):
            if await store.retired_usernames.is_retired(session, username, now=now):
                continue
            if await store.identities.add_account(session, account_id, username, name, now=now):
                break
        else:
            raise SignInRefused("no free name")
        who = (stranger.issuer, stranger.subject)
        if not await store.identities.link(session, account_id, *who, now=now):
            # Two tabs at once: the other one made the account just now.
            raise SignInRefused("twice at once")
        return account_id

    async def _invited(
        self, session: AsyncSession, back: Arrival, account_id: UUID
    ) -> list[str] | None:
        """The roles of the invitation, which is used up; None: there was none."""
        if back.invitation is None:
            return None
        roles = await store.invitations.use(
            session, back.invitation, by=account_id, now=self.now()
        )
        if roles is None:
            raise InvalidInvite
        return roles
