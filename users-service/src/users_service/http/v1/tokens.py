"""Access tokens, made from sessions and API tokens, and the keys to verify them."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from users_service.crypto.signing_keys import JWKS_MAX_AGE, SigningKeys
from users_service.http.openapi import problems
from users_service.http.v1.api_tokens import TheApiTokens
from users_service.http.v1.dependencies import AllSessions, Body, From, Secret
from users_service.http.v1.schemas import AccountOut, account_out
from users_service.sessions.api_tokens import MARK

router = APIRouter()
public = APIRouter(tags=["keys"])


class TokenRequest(Body):
    """The service that the token is for."""

    audience: Literal["notes", "realtime"] = "notes"


class TokenOut(BaseModel):
    """A signed JWT (RFC 7519) with its end, five minutes from now at most."""

    token: str
    expires_at: datetime
    account: AccountOut


@router.post("/tokens", responses=problems(401, 403))
async def access_token(
    secret: Secret,
    sessions: AllSessions,
    api_tokens: TheApiTokens,
    client: From,
    wanted: TokenRequest | None = None,
) -> TokenOut:
    """Exchange a session or API token for an access token.

    That of an API token has no more rights than its scopes leave.
    """
    audience = (wanted or TokenRequest()).audience
    if secret.startswith(MARK):
        made = await api_tokens.access_token(secret, audience, client)
    else:
        made = await sessions.access_token(secret, audience)
    return TokenOut(
        token=made.token, expires_at=made.expires_at, account=account_out(made.account)
    )


@public.get("/.well-known/jwks.json")
async def jwks(request: Request, response: Response) -> dict[str, Any]:
    """Return the public keys that access tokens are signed with (RFC 7517)."""
    signing_keys: SigningKeys = request.state.signing_keys
    max_age = int(JWKS_MAX_AGE.total_seconds())
    response.headers["Cache-Control"] = f"public, max-age={max_age}"
    return await signing_keys.published()
