"""Sign-in with a provider, and the accounts it makes.

An identity is (issuer, subject) and nothing else: no e-mail address or username from a provider
ever opens an existing account.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.credentials.methods import SignInMethods
from users_service.domain import principals
from users_service.domain.accounts import (
    Account,
    SignUpMode,
    first_roles,
    names_like,
    shown_name,
)
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.errors import InvalidInvite, SignUpClosed, UsersError
from users_service.domain.oidc_errors import SignInRefused
from users_service.domain.sessions import NEVER, Client
from users_service.domain.two_factor import TwoFactorChallenge
from users_service.oidc.checks import AuthorizationResponse
from users_service.oidc.flow import AuthorizationFlows, FinishedFlow, FlowPurpose, StartedFlow
from users_service.rate_limits.limits import RateLimits
from users_service.sessions.sessions import NewSession
from users_service.sign_in.sign_in import SignIn

_NAMES_TRIED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSignIn:
    """Signs people in with a provider, and makes their accounts."""

    database: async_sessionmaker[AsyncSession]
    flows: AuthorizationFlows
    sign_in: SignIn
    sign_in_methods: SignInMethods
    limits: RateLimits
    mode: SignUpMode
    now: Callable[[], datetime]

    async def start(
        self, name: str, redirect_uri: str, client: Client, *, invite: str | None = None
    ) -> StartedFlow:
        """Return where to send the browser.

        `invite` is for people without an account; for others it stays valid. Errors as in
        `flows.start`.
        """
        return await self.flows.start(
            FlowPurpose.SIGN_IN, name, redirect_uri, client, invite=invite
        )

    async def finish(
        self, name: str, flow: str, response: AuthorizationResponse, client: Client
    ) -> NewSession | TwoFactorChallenge:
        """Return a session or the second step, for a known or a new account.

        Raises SignInRefused, ProviderAway, SignUpClosed, InvalidInvite or TooManyAttempts;
        refusals are written to the audit log.
        """
        # Each refusal is a line of the audit log: not as many as somebody likes.
        await self.limits.admit_challenge(client.address or "")
        try:
            finished = await self.flows.finish(FlowPurpose.SIGN_IN, name, flow, response)
            async with self.database.begin() as session:
                account = await self._account_of(session, finished, client)
                return await self.sign_in.let_in(
                    session,
                    account,
                    client,
                    after=finished.identity.issuer,
                    authenticated_at=await self._authenticated_at(session, finished, account),
                )
        except UsersError as refusal:
            by = principals.anonymous(client)
            await self.flows.record_refusal(AuditEventType.SIGNED_IN, by, None, refusal, name)
            raise

    async def _authenticated_at(
        self, session: AsyncSession, finished: FinishedFlow, account: Account
    ) -> datetime | None:
        """Return when the person authenticated, as the provider says; NEVER if it does not.

        An account that can re-authenticate only by signing in again gets None then, which
        makes its session fresh.
        """
        said = finished.identity.authenticated_at
        if said is None and await self.sign_in_methods.can_reauthenticate(session, account.id):
            return NEVER
        return said

    async def _account_of(
        self, session: AsyncSession, finished: FinishedFlow, client: Client
    ) -> Account:
        who = (finished.identity.issuer, finished.identity.subject)
        known = await store.accounts_by_username.of_identity(session, *who)
        if known is None:
            return await self._new_account(session, finished, client)
        if not known.may_sign_in:
            raise SignInRefused("disabled")
        held = await store.accounts_by_id.hold(session, known)
        if held is None or await store.accounts_by_username.of_identity(session, *who) is None:
            raise SignInRefused("changed meanwhile")
        return held

    async def _new_account(
        self, session: AsyncSession, finished: FinishedFlow, client: Client
    ) -> Account:
        if self.mode is not SignUpMode.OPEN and finished.invitation is None:
            raise SignUpClosed
        await self.limits.admit_sign_up(client.address or "")
        account_id = await self._add(session, finished)
        invited = await self._invited(session, finished, account_id)
        roles = first_roles(invited, is_first=False)
        account = await store.accounts_by_username.set_roles(session, account_id, roles)
        facts = {"provider": finished.identity.issuer, "invited": invited is not None}
        by = principals.account_holder(account, client)
        audit_event = AuditEvent(
            type=AuditEventType.ACCOUNT_CREATED, by=by, account=account, facts=facts
        )
        await store.audit.write(session, audit_event, now=self.now())
        return account

    async def _add(self, session: AsyncSession, finished: FinishedFlow) -> UUID:
        """Add an account with this identity under the first like name that is free."""
        now, account_id, identity = self.now(), uuid4(), finished.identity
        name = shown_name(identity.name)
        for username in names_like(identity.username, _NAMES_TRIED):
            if await store.retired_usernames.is_retired(session, username, now=now):
                continue
            if await store.identities.add_account(session, account_id, username, name, now=now):
                break
        else:
            raise SignInRefused("no free name")
        who = (identity.issuer, identity.subject)
        if not await store.identities.link(session, account_id, *who, now=now):
            # Two tabs at once: the other one made the account just now.
            raise SignInRefused("twice at once")
        return account_id

    async def _invited(
        self, session: AsyncSession, finished: FinishedFlow, account_id: UUID
    ) -> list[str] | None:
        """Use the invitation up and return its roles; None if there was none."""
        if finished.invitation is None:
            return None
        roles = await store.invitations.use(
            session, finished.invitation, by=account_id, now=self.now()
        )
        if roles is None:
            raise InvalidInvite
        return roles
