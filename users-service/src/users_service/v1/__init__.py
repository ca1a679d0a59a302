"""HTTP for people's browsers, by way of web: accounts, sessions, tokens, and who runs them."""

from fastapi import APIRouter, Depends, FastAPI

from users_service.documents import problems
from users_service.v1 import (
    account,
    accounts,
    api_tokens,
    audit,
    entrance,
    invitations,
    resets,
    sessions,
)
from users_service.v1.dependencies import not_stored


def install(app: FastAPI) -> None:
    router = APIRouter(
        prefix="/v1",
        tags=["v1"],
        dependencies=[Depends(not_stored)],
        responses=problems(400, 413, 422, 503),
    )
    for noun in (entrance, sessions, account, api_tokens, resets, accounts, invitations, audit):
        router.include_router(noun.router)
    app.include_router(router)
    app.include_router(sessions.public)
