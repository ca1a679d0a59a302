"""HTTP for people's browsers, by way of web: accounts, sessions, tokens, and who runs them."""

from fastapi import APIRouter, Depends, FastAPI

from users_service.documents import problems
from users_service.v1 import (
    account,
    accounts,
    api_tokens,
    audit,
    elsewhere,
    email_addresses,
    entrance,
    factors,
    identities,
    invitations,
    passkeys,
    resets,
    sessions,
    sign_in,
    sign_in_links,
)
from users_service.v1.dependencies import not_stored


def install(app: FastAPI) -> None:
    router = APIRouter(
        prefix="/v1",
        tags=["v1"],
        dependencies=[Depends(not_stored)],
        responses=problems(400, 413, 422, 503),
    )
    nouns = (
        entrance, sign_in, elsewhere, sign_in_links, identities, sessions, account, factors,
        passkeys, api_tokens, resets, email_addresses, accounts, invitations, audit,
    )  # fmt: skip
    for noun in nouns:
        router.include_router(noun.router)
    app.include_router(router)
    app.include_router(sessions.public)
