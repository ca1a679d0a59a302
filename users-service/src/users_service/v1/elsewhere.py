"""Sign in with a provider; link and unlink one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from users_service.documents import problems
from users_service.provider_checks import Return
from users_service.sign_in_elsewhere import SignInElsewhere
from users_service.v1.dependencies import Body, FreshlySignedIn, From, Text
from users_service.v1.shapes import LoginOut, login_out

router = APIRouter()


class Depart(Body):
    redirect_uri: Text
    """Of this site: where the provider sends the browser back to."""


class DepartureOut(BaseModel):
    authorization_url: str
    flow: str
    """For a cookie of this browser, and for nobody else."""


class Callback(Body):
    flow: Text
    code: Text
    state: Text
    iss: Text | None = None


class ProviderOut(BaseModel):
    name: str
    title: str
    issuer: str


class WaysIn(BaseModel):
    passkeys: bool
    providers: list[ProviderOut]


async def _sign_in_elsewhere(request: Request) -> SignInElsewhere:
    ways: SignInElsewhere = request.state.sign_in_elsewhere
    return ways


Ways = Annotated[SignInElsewhere, Depends(_sign_in_elsewhere)]


@router.get("/sign-in")
async def ways_in(ways: Ways) -> WaysIn:
    """Beside a password."""
    return WaysIn(
        passkeys=ways.site is not None,
        providers=[
            ProviderOut(name=each.name, title=each.label, issuer=each.issuer)
            for each in ways.providers.values()
        ],
    )


@router.post("/sign-in/{provider}", responses=problems(403, 404, 429))
async def depart(provider: str, wanted: Depart, origin: From, ways: Ways) -> DepartureOut:
    begun = await ways.depart(provider, wanted.redirect_uri, origin)
    return DepartureOut(authorization_url=begun.authorization_url, flow=begun.flow)


@router.post("/sign-in/{provider}/callback", status_code=201, responses=problems(403, 404, 429))
async def come_back(provider: str, said: Callback, origin: From, ways: Ways) -> LoginOut:
    done = await ways.sign_in(provider, said.flow, _return(said), origin)
    return login_out(done.secret, done.session, done.account)


@router.post("/account/identities/{provider}", responses=problems(401, 403, 404, 429))
async def depart_to_link(
    provider: str, wanted: Depart, caller: FreshlySignedIn, ways: Ways
) -> DepartureOut:
    begun = await ways.depart(
        provider, wanted.redirect_uri, caller.origin, link_to=caller.account
    )
    return DepartureOut(authorization_url=begun.authorization_url, flow=begun.flow)


@router.post(
    "/account/identities/{provider}/callback",
    status_code=204,
    responses=problems(401, 403, 404, 409),
)
async def link(provider: str, said: Callback, caller: FreshlySignedIn, ways: Ways) -> None:
    await ways.link(provider, said.flow, _return(said), caller.account, caller.actor)


@router.delete(
    "/account/identities/{provider}", status_code=204, responses=problems(401, 403, 404, 409)
)
async def unlink(provider: str, caller: FreshlySignedIn, ways: Ways) -> None:
    await ways.unlink(provider, caller.account, caller.actor)


def _return(said: Callback) -> Return:
    return Return(code=said.code, state=said.state, iss=said.iss)
