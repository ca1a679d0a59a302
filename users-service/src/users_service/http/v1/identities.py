"""One's external identities: link, unlink, and authenticate again with one."""

from typing import Annotated

from fastapi import APIRouter, Depends
from service_kit.asgi import from_state

from users_service.domain.two_factor import TwoFactorChallenge
from users_service.http.openapi import problems
from users_service.http.v1.dependencies import FreshlySignedIn, SignedIn
from users_service.http.v1.oidc import (
    AuthorizationRequest,
    AuthorizationRequestOut,
    CallbackParameters,
    authorization_out,
)
from users_service.http.v1.schemas import (
    SessionOut,
    TwoFactorChallengeOut,
    challenge_out,
    session_out,
)
from users_service.oidc.linking import Identities

router = APIRouter(responses=problems(401, 403, 404))


TheIdentities = Annotated[Identities, Depends(from_state("identities"))]

_ONE = "/account/identities/{provider}"
_PROOF = "/sessions/current/re-authenticate/{provider}"


@router.post(_ONE, responses=problems(429))
async def begin_linking(
    provider: str,
    wanted: AuthorizationRequest,
    signed_in: FreshlySignedIn,
    identities: TheIdentities,
) -> AuthorizationRequestOut:
    """Return where to send the browser to link an identity. Needs recent authentication."""
    begun = await identities.start_linking(
        provider, wanted.redirect_uri, signed_in.account, signed_in.client
    )
    return authorization_out(begun)


@router.post(_ONE + "/callback", status_code=204, responses=problems(409))
async def link(
    provider: str,
    said: CallbackParameters,
    signed_in: FreshlySignedIn,
    identities: TheIdentities,
) -> None:
    """Link the identity that came back; 409 if it is linked already.

    Needs recent authentication.
    """
    await identities.link(
        provider,
        said.flow,
        said.authorization_response(),
        signed_in.account,
        signed_in.principal,
    )


@router.delete(_ONE, status_code=204, responses=problems(409))
async def unlink(provider: str, signed_in: FreshlySignedIn, identities: TheIdentities) -> None:
    """Remove one's identity with the provider.

    409 if there would be no other way to sign in. Needs recent authentication.
    """
    await identities.unlink(provider, signed_in.account, signed_in.principal)


@router.post(_PROOF, responses=problems(409, 429))
async def begin_reauthentication(
    provider: str, wanted: AuthorizationRequest, signed_in: SignedIn, identities: TheIdentities
) -> AuthorizationRequestOut:
    """Return where to send the browser to authenticate again.

    409 for a provider that cannot be asked for that.
    """
    begun = await identities.start_reauthentication(
        provider, wanted.redirect_uri, signed_in.account, signed_in.client
    )
    return authorization_out(begun)


@router.post(_PROOF + "/callback")
async def finish_reauthentication(
    provider: str, said: CallbackParameters, signed_in: SignedIn, identities: TheIdentities
) -> SessionOut | TwoFactorChallengeOut:
    """Return the session, fresh again, or the second step for POST …/re-authenticate."""
    session, account = signed_in.session, signed_in.account
    done = await identities.reauthenticate(
        provider,
        said.flow,
        said.authorization_response(),
        session,
        account,
        signed_in.principal,
    )
    return (
        challenge_out(done)
        if isinstance(done, TwoFactorChallenge)
        else session_out(done, account)
    )
