"""Personal API tokens for scripts, each with its own scopes and end.

A token is shown once and stored as the SHA-256 of 256 random bits. Other services never see it:
it is exchanged for an access token of five minutes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service import store
from users_service.audit_log import AuditLog
from users_service.crypto.random_tokens import digest, new_secret
from users_service.domain import api_tokens
from users_service.domain.accounts import Account, new_name
from users_service.domain.api_tokens import ApiToken
from users_service.domain.audit_events import AuditEvent, AuditEventType
from users_service.domain.errors import (
    ApiTokenNotFound,
    InvalidApiToken,
    InvalidField,
    TooManyApiTokens,
)
from users_service.domain.principals import Principal
from users_service.domain.sessions import Client
from users_service.rate_limits.limits import RateLimits
from users_service.sessions.access_tokens import AccessToken, AccessTokens

MARK: Final = "notes_"
"""How an API token begins: people, secret scanners and this service recognise it."""
_PREFIX_LENGTH: Final = len(MARK) + 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiTokens:
    """Makes, lists, revokes and exchanges personal API tokens."""

    database: async_sessionmaker[AsyncSession]
    tokens: AccessTokens
    limits: RateLimits
    audit: AuditLog
    now: Callable[[], datetime]

    async def make(
        self,
        account: Account,
        by: Principal,
        *,
        name: str,
        scopes: Sequence[str],
        days: int | None,
    ) -> tuple[ApiToken, str]:
        """Return the token's description and its secret, which is shown here and never again.

        Raises InvalidField, TooManyApiTokens, or SessionEnded if the session ended meanwhile.
        `days` is None for a token without an end.
        """
        secret = MARK + new_secret()
        now = self.now()
        made = ApiToken(
            id=uuid4(),
            account_id=account.id,
            name=_name(name),
            prefix=secret[:_PREFIX_LENGTH],
            scopes=api_tokens.ordered(scopes),
            created_at=now,
            expires_at=None if days is None else now + timedelta(days=days),
            last_used_at=None,
            last_used_from=None,
        )
        async with self.database.begin() as session:
            await store.sessions.hold(session, by)
            if await store.api_tokens.count(session, account.id) >= api_tokens.API_TOKEN_LIMIT:
                raise TooManyApiTokens(api_tokens.API_TOKEN_LIMIT)
            await store.api_tokens.add(session, made, token_hash=digest(secret))
            facts = {"api_token": str(made.id), "scopes": list(made.scopes)}
            audit_event = AuditEvent(
                type=AuditEventType.API_TOKEN_CREATED, by=by, account=account, facts=facts
            )
            await store.audit.write(session, audit_event, now=now)
        return made, secret

    async def of(self, account: Account) -> list[ApiToken]:
        """Return the account's tokens, with expired ones until their owner revokes them."""
        async with self.database() as session:
            return await store.api_tokens.of_account(session, account.id)

    async def revoke(self, token_id: UUID, account: Account, by: Principal) -> None:
        """Delete the token and have its sockets closed; raise ApiTokenNotFound."""
        now = self.now()
        async with self.database.begin() as session:
            name = await store.api_tokens.revoke(session, token_id, account.id, now=now)
            if name is None:
                raise ApiTokenNotFound
            facts = {"api_token": str(token_id)}
            audit_event = AuditEvent(
                type=AuditEventType.API_TOKEN_REVOKED, by=by, account=account, facts=facts
            )
            await store.audit.write(session, audit_event, now=now)

    async def _refuse(self, account: Account | None, client: Client) -> None:
        event, result = AuditEventType.API_TOKEN_CHECKED, InvalidApiToken.code
        await self.audit.refuse_within(self.limits, event, client, result, account)

    async def access_token(self, secret: str, audience: str, client: Client) -> AccessToken:
        """Exchange an API token for an access token, with the rights that its scopes leave.

        Raises InvalidApiToken, which is written to the audit log, or InsufficientScope.
        """
        now = self.now()
        async with self.database.begin() as session:
            found = await store.api_tokens.find(session, digest(secret))
        if found is None or not found[0].is_alive(now) or not found[1].may_sign_in:
            await self._refuse(found[1] if found else None, client)
            raise InvalidApiToken
        token, account = found
        async with self.database.begin() as session:
            roles = api_tokens.roles(account, token.scopes, audience)
            if token.needs_touch(now):
                await store.api_tokens.touch(session, token.id, address=client.address, now=now)
        return await self.tokens.make(
            account,
            audience,
            sid=token.id,
            until=token.expires_at,
            roles=roles,
            scopes=token.scopes,
        )


def _name(name: str) -> str:
    if not name.strip():
        raise InvalidField("name", "is missing")
    return new_name(name)
