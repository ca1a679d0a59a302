"""Which ways to sign in are enabled, and sign-in with a provider."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel
from service_kit.asgi import from_state

from users_service.http.openapi import problems
from users_service.http.v1.dependencies import Body, From, Text, TheSignInMethods
from users_service.http.v1.schemas import LoginOut, TwoFactorChallengeOut, sign_in_out
from users_service.oidc.checks import AuthorizationResponse
from users_service.oidc.flow import StartedFlow
from users_service.oidc.providers import Provider
from users_service.oidc.sign_in import OidcSignIn

router = APIRouter()


class AuthorizationRequest(Body):
    """Where the provider sends the browser back to: an address of this site."""

    redirect_uri: Text
    """Where the provider sends the browser back to: an address of this site."""


class SignInAuthorizationRequest(AuthorizationRequest):
    """Where to come back to, and an invitation for a person who has no account yet."""

    invite: Text | None = None
    """For people without an account, where sign-up is not open."""


class AuthorizationRequestOut(BaseModel):
    """Where to send the browser; `flow` is a secret that only this browser may keep."""

    authorization_url: str
    flow: str
    """Goes into a cookie of this browser and nowhere else."""


class CallbackParameters(Body):
    """The parameters of the provider's redirect, with the browser's `flow`."""

    flow: Text
    code: Text
    state: Text
    iss: Text | None = None

    def authorization_response(self) -> AuthorizationResponse:
        """Return what the provider sent, without what the browser kept."""
        return AuthorizationResponse(code=self.code, state=self.state, iss=self.iss)


class ProviderOut(BaseModel):
    """A provider; `reauthenticates` says whether it can authenticate a person again."""

    name: str
    title: str
    issuer: str
    reauthenticates: bool
    """Whether it can be asked to authenticate a person again."""


class SignInMethodsOut(BaseModel):
    """The ways to sign in that are enabled here."""

    passwords: bool
    passkeys: bool
    providers: list[ProviderOut]


TheOidcSignIn = Annotated[OidcSignIn, Depends(from_state("oidc_sign_in"))]


@router.get("/sign-in")
async def list_sign_in_methods(
    oidc_sign_in: TheOidcSignIn, sign_in_methods: TheSignInMethods
) -> SignInMethodsOut:
    """Return which ways to sign in are enabled."""
    listed = oidc_sign_in.flows.providers.values()
    return SignInMethodsOut(
        passwords=sign_in_methods.passwords,
        passkeys=sign_in_methods.passkeys,
        providers=[provider_out(each) for each in listed],
    )


@router.post("/sign-in/{provider}", responses=problems(403, 404, 429))
async def begin_sign_in(
    provider: str, wanted: SignInAuthorizationRequest, client: From, oidc_sign_in: TheOidcSignIn
) -> AuthorizationRequestOut:
    """Return where to send the browser to sign in with the provider."""
    begun = await oidc_sign_in.start(
        provider, wanted.redirect_uri, client, invite=wanted.invite or None
    )
    return authorization_out(begun)


@router.post(
    "/sign-in/{provider}/callback",
    status_code=201,
    responses={
        200: {"model": TwoFactorChallengeOut, "description": "It is they; more is needed"},
        **problems(403, 404, 429),
    },
)
async def finish_sign_in(
    provider: str,
    said: CallbackParameters,
    client: From,
    oidc_sign_in: TheOidcSignIn,
    response: Response,
) -> LoginOut | TwoFactorChallengeOut:
    """Start a session after the provider's redirect, and make an account if there is none.

    200 with a challenge if the account has a second step.
    """
    done = await oidc_sign_in.finish(provider, said.flow, said.authorization_response(), client)
    return sign_in_out(done, response)


def authorization_out(begun: StartedFlow) -> AuthorizationRequestOut:
    """Return the started flow as JSON shows it."""
    return AuthorizationRequestOut(authorization_url=begun.authorization_url, flow=begun.flow)


def provider_out(provider: Provider) -> ProviderOut:
    """Return the provider as JSON shows it, without its client credentials."""
    return ProviderOut(
        name=provider.name,
        title=provider.label,
        issuer=provider.issuer,
        reauthenticates=provider.can_reauthenticate,
    )
