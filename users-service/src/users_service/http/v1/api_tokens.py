"""One's own API tokens: made, listed, revoked. They are used at POST /v1/tokens."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from service_kit.asgi import from_state

from users_service.domain.api_tokens import ApiToken
from users_service.http.openapi import problems
from users_service.http.v1.dependencies import Body, FreshlySignedIn, SignedIn, Text
from users_service.sessions.api_tokens import ApiTokens

router = APIRouter(prefix="/api-tokens", responses=problems(401))


class NewApiToken(Body):
    """Name, scopes and days of a token; with `expires_in_days` null it has no end."""

    name: Text
    scopes: Annotated[
        list[Literal["read", "write", "realtime"]], Field(min_length=1, max_length=3)
    ]
    expires_in_days: Annotated[int, Field(ge=1, le=366)] | None = 90
    """null: until it is revoked."""


class ApiTokenOut(BaseModel):
    """An API token without its secret; `prefix` is how the secret begins."""

    id: UUID
    name: str
    prefix: str
    """How the token begins."""
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str | None


class NewApiTokenOut(ApiTokenOut):
    """A new API token; `token` is shown here and never again."""

    token: str
    """Shown here and never again."""


class ApiTokensOut(BaseModel):
    """One's own API tokens, the oldest first."""

    api_tokens: list[ApiTokenOut]


TheApiTokens = Annotated[ApiTokens, Depends(from_state("api_tokens"))]


@router.get("")
async def my_api_tokens(signed_in: SignedIn, api_tokens: TheApiTokens) -> ApiTokensOut:
    """Return one's own API tokens, with expired ones until they are revoked."""
    found = await api_tokens.of(signed_in.account)
    return ApiTokensOut(api_tokens=[api_token_out(each) for each in found])


@router.post("", status_code=201, responses=problems(403, 409))
async def make_api_token(
    wanted: NewApiToken, signed_in: FreshlySignedIn, api_tokens: TheApiTokens
) -> NewApiTokenOut:
    """Make an API token; 409 at 50 of them. Needs recent authentication.

    The token is exchanged for access tokens at POST /v1/tokens.
    """
    made, secret = await api_tokens.make(
        signed_in.account,
        signed_in.principal,
        name=wanted.name,
        scopes=wanted.scopes,
        days=wanted.expires_in_days,
    )
    return NewApiTokenOut(token=secret, **api_token_out(made).model_dump())


@router.delete("/{token_id}", status_code=204, responses=problems(404))
async def revoke_api_token(
    token_id: UUID, signed_in: SignedIn, api_tokens: TheApiTokens
) -> None:
    """Revoke an API token, with the access tokens it was exchanged for."""
    await api_tokens.revoke(token_id, signed_in.account, signed_in.principal)


def api_token_out(token: ApiToken) -> ApiTokenOut:
    """Return the token as JSON shows it, without its secret."""
    return ApiTokenOut(
        id=token.id,
        name=token.name,
        prefix=token.prefix,
        scopes=list(token.scopes),
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        last_used_from=token.last_used_from,
    )
