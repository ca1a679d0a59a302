"""Who one is to providers: link and unlink, and prove by one of them who one is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from users_service.http.openapi import problems
from users_service.http.v1.dependencies import FreshlySignedIn, SignedIn
from users_service.http.v1.oidc import Callback, Depart, DepartureOut, departure_out
from users_service.http.v1.schemas import SecondStepOut, SessionOut, session_out, step_out
from users_service.oidc.linking import Identities
from users_service.sign_in.two_factor import SecondStep

router = APIRouter(responses=problems(401, 403, 404))


async def _identities(request: Request) -> Identities:
    identities: Identities = request.state.identities
    return identities


TheIdentities = Annotated[Identities, Depends(_identities)]

_ONE = "/account/identities/{provider}"
_PROOF = "/sessions/current/re-authenticate/{provider}"


@router.post(_ONE, responses=problems(429))
async def depart_to_link(
    provider: str, wanted: Depart, caller: FreshlySignedIn, identities: TheIdentities
) -> DepartureOut:
    begun = await identities.depart_to_link(
        provider, wanted.redirect_uri, caller.account, caller.origin
    )
    return departure_out(begun)


@router.post(_ONE + "/callback", status_code=204, responses=problems(409))
async def link(
    provider: str, said: Callback, caller: FreshlySignedIn, identities: TheIdentities
) -> None:
    await identities.link(provider, said.flow, said.brought(), caller.account, caller.actor)


@router.delete(_ONE, status_code=204, responses=problems(409))
async def unlink(provider: str, caller: FreshlySignedIn, identities: TheIdentities) -> None:
    await identities.unlink(provider, caller.account, caller.actor)


@router.post(_PROOF, responses=problems(409, 429))
async def depart_to_prove(
    provider: str, wanted: Depart, caller: SignedIn, identities: TheIdentities
) -> DepartureOut:
    begun = await identities.depart_to_prove(
        provider, wanted.redirect_uri, caller.account, caller.origin
    )
    return departure_out(begun)


@router.post(_PROOF + "/callback")
async def prove(
    provider: str, said: Callback, caller: SignedIn, identities: TheIdentities
) -> SessionOut | SecondStepOut:
    """The session, or the second step that is lacking, for POST …/re-authenticate."""
    session, account = caller.session, caller.account
    done = await identities.prove(
        provider, said.flow, said.brought(), session, account, caller.actor
    )
    return step_out(done) if isinstance(done, SecondStep) else session_out(done, account)
