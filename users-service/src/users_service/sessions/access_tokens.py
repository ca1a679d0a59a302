"""Access tokens: valid for five minutes, signed here, verified by other services."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from users_service.crypto.signing_keys import SigningKeys
from users_service.domain.accounts import Account

ACCESS_TOKEN_LIFETIME: Final = timedelta(minutes=5)
REALTIME: Final = "realtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A signed JWT, and when it ends."""

    token: str
    expires_at: datetime
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokens:
    """Makes the tokens that other services accept: contracts/revocations.md."""

    signing_keys: SigningKeys
    issuer: str
    now: Callable[[], datetime]

    async def make(
        self,
        account: Account,
        audience: str,
        *,
        sid: UUID,
        until: datetime | None,
        roles: Sequence[str],
        scopes: Sequence[str] | None = None,
    ) -> AccessToken:
        """Return a token of five minutes, or until `until` if that is sooner.

        `sid` names the session or API token whose end closes the sockets opened with it.
        `scopes` is None for a session.
        """
        now = self.now()
        expires_at = now + ACCESS_TOKEN_LIFETIME
        if until is not None:
            expires_at = min(expires_at, until)
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": audience,
            "sub": str(account.id),
            "name": account.display_name,
            "roles": list(roles),
            "sid": str(sid),
            "gen": account.generation,
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": str(uuid4()),
        }
        if scopes is not None:
            claims["scope"] = " ".join(scopes)
        if audience == REALTIME:
            claims["info"] = {"name": account.display_name}
        token = await self.signing_keys.sign(claims)
        return AccessToken(token=token, expires_at=expires_at, account=account)
