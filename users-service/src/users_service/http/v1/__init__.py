"""The routes of /v1, which people's browsers reach by way of web."""

from fastapi import APIRouter, Depends, FastAPI

from users_service.http.openapi import problems
from users_service.http.v1 import (
    account,
    accounts,
    api_tokens,
    audit,
    email_verification,
    identities,
    invitations,
    oidc,
    one_time_links,
    passkeys,
    password_reset,
    registration,
    sessions,
    sign_in,
    tokens,
    two_factor,
)
from users_service.http.v1.dependencies import not_stored


def install(app: FastAPI) -> None:
    """Add the routes of /v1, whose answers are never cached, and the public keys."""
    router = APIRouter(
        prefix="/v1",
        tags=["v1"],
        dependencies=[Depends(not_stored)],
        responses=problems(400, 413, 422, 503),
    )
    nouns = (
        registration, sign_in, oidc, one_time_links, identities, sessions, tokens, account,
        two_factor, passkeys, api_tokens, password_reset, email_verification, accounts,
        invitations, audit,
    )  # fmt: skip
    for noun in nouns:
        router.include_router(noun.router)
    app.include_router(router)
    app.include_router(tokens.public)
