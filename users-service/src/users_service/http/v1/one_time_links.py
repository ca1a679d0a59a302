"""One-time links that sign in; only an API key can make one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel
from service_kit.asgi import from_state

from users_service.http.openapi import problems
from users_service.http.v1.dependencies import Body, From, Program, Text
from users_service.http.v1.schemas import LoginOut, TwoFactorChallengeOut, sign_in_out
from users_service.sign_in.one_time_links import OneTimeLinks

router = APIRouter()


class SignInLinkOut(BaseModel):
    """A link to sign in; `url` is null where USERS_PUBLIC_URL is not set."""

    token: str
    url: str | None
    """Null where USERS_PUBLIC_URL is not set."""
    expires_at: datetime


class LinkLogin(Body):
    """The token of a link to sign in."""

    token: Text


TheOneTimeLinks = Annotated[OneTimeLinks, Depends(from_state("one_time_links"))]


@router.post(
    "/accounts/{account_id}/sign-in-link", status_code=201, responses=problems(401, 404)
)
async def make_sign_in_link(
    account_id: UUID, by: Program, links: TheOneTimeLinks
) -> SignInLinkOut:
    """Make a link of 15 minutes that signs in once; needs an API key."""
    link = await links.make(account_id, by)
    return SignInLinkOut(token=link.token, url=link.url, expires_at=link.expires_at)


@router.post(
    "/sessions/link",
    status_code=201,
    responses={
        200: {
            "model": TwoFactorChallengeOut,
            "description": "The link was good; more is needed",
        },
        **problems(403, 429),
    },
)
async def sign_in_by_link(
    login: LinkLogin, client: From, links: TheOneTimeLinks, response: Response
) -> LoginOut | TwoFactorChallengeOut:
    """Start a session with a link.

    200 with a challenge if the account has a second step.
    """
    return sign_in_out(await links.redeem(login.token, client), response)
