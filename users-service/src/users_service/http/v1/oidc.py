"""The ways in, and sign-in with a provider."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from users_service.http.openapi import problems
from users_service.http.v1.dependencies import Body, From, Text, TheWaysIn
from users_service.http.v1.schemas import LoginOut, SecondStepOut, sign_in_out
from users_service.oidc.checks import Return
from users_service.oidc.flow import Departure
from users_service.oidc.providers import Provider
from users_service.oidc.sign_in import SignInElsewhere

router = APIRouter()


class Depart(Body):
    redirect_uri: Text
    """Of this site: where the provider sends the browser back to."""


class DepartToSignIn(Depart):
    invite: Text | None = None
    """For who has no account yet, where sign-up is not open."""


class DepartureOut(BaseModel):
    authorization_url: str
    flow: str
    """For a cookie of this browser, and for nobody else."""


class Callback(Body):
    flow: Text
    code: Text
    state: Text
    iss: Text | None = None

    def brought(self) -> Return:
        return Return(code=self.code, state=self.state, iss=self.iss)


class ProviderOut(BaseModel):
    name: str
    title: str
    issuer: str
    reauthenticates: bool
    """It can be asked to make a person prove again who they are."""


class WaysInOut(BaseModel):
    passwords: bool
    passkeys: bool
    providers: list[ProviderOut]


async def _sign_in_elsewhere(request: Request) -> SignInElsewhere:
    ways: SignInElsewhere = request.state.sign_in_elsewhere
    return ways


Elsewhere = Annotated[SignInElsewhere, Depends(_sign_in_elsewhere)]


@router.get("/sign-in")
async def ways_in(elsewhere: Elsewhere, ways: TheWaysIn) -> WaysInOut:
    listed = elsewhere.departures.providers.values()
    return WaysInOut(
        passwords=ways.passwords,
        passkeys=ways.passkeys,
        providers=[provider_out(each) for each in listed],
    )


@router.post("/sign-in/{provider}", responses=problems(403, 404, 429))
async def depart(
    provider: str, wanted: DepartToSignIn, origin: From, elsewhere: Elsewhere
) -> DepartureOut:
    begun = await elsewhere.depart(
        provider, wanted.redirect_uri, origin, invite=wanted.invite or None
    )
    return departure_out(begun)


@router.post(
    "/sign-in/{provider}/callback",
    status_code=201,
    responses={
        200: {"model": SecondStepOut, "description": "It is they; more is needed"},
        **problems(403, 404, 429),
    },
)
async def come_back(
    provider: str, said: Callback, origin: From, elsewhere: Elsewhere, response: Response
) -> LoginOut | SecondStepOut:
    done = await elsewhere.come_back(provider, said.flow, said.brought(), origin)
    return sign_in_out(done, response)


def departure_out(begun: Departure) -> DepartureOut:
    return DepartureOut(authorization_url=begun.authorization_url, flow=begun.flow)


def provider_out(provider: Provider) -> ProviderOut:
    return ProviderOut(
        name=provider.name,
        title=provider.label,
        issuer=provider.issuer,
        reauthenticates=provider.proves,
    )
