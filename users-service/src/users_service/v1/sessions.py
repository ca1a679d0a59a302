"""Stay, see and end one's sessions, get access tokens."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from users_service.api_tokens import MARK
from users_service.documents import problems
from users_service.keys import JWKS_MAX_AGE, Keys
from users_service.proofs import Proofs
from users_service.v1.api_tokens import TheApiTokens
from users_service.v1.dependencies import AllSessions, Body, From, Secret, SignedIn, Text
from users_service.v1.shapes import (
    AccountOut,
    DeviceOut,
    SessionOut,
    account_out,
    device_out,
    session_out,
)

router = APIRouter()
public = APIRouter(tags=["keys"])


class PasswordProof(Body):
    password: Text
    code: Text | None = None
    """Of the app, or a recovery code: where the account has a second step."""


class StepProof(Body):
    """The second step after a proof at a provider."""

    token: Text
    code: Text


class PasskeyProof(Body):
    flow: Text
    credential: dict[str, Any]


class TokenRequest(Body):
    audience: Literal["notes", "realtime"] = "notes"


class TokenOut(BaseModel):
    token: str
    expires_at: datetime
    account: AccountOut


class DevicesOut(BaseModel):
    sessions: list[DeviceOut]


class EndedOut(BaseModel):
    ended: int


async def _proofs(request: Request) -> Proofs:
    proofs: Proofs = request.state.proofs
    return proofs


TheProofs = Annotated[Proofs, Depends(_proofs)]


@router.get("/sessions", responses=problems(401))
async def my_sessions(caller: SignedIn, sessions: AllSessions) -> DevicesOut:
    found = await sessions.of(caller.account)
    current = caller.session.id
    return DevicesOut(sessions=[device_out(each, current=current) for each in found])


@router.get("/sessions/current", responses=problems(401))
async def current_session(caller: SignedIn) -> SessionOut:
    return session_out(caller.session, caller.account)


@router.post("/sessions/current/re-authenticate", responses=problems(401, 403, 409, 429))
async def reauthenticate(
    proof: PasswordProof | PasskeyProof | StepProof, caller: SignedIn, proofs: TheProofs
) -> SessionOut:
    kept, account, by = caller.session, caller.account, caller.actor
    match proof:
        case PasswordProof():
            kept = await proofs.by_password(
                kept, account, proof.password, proof.code, caller.origin
            )
        case PasskeyProof():
            kept = await proofs.by_passkey(kept, account, proof.flow, proof.credential, by)
        case StepProof():
            kept = await proofs.by_code(kept, account, proof.token, proof.code, by)
    return session_out(kept, account)


@router.delete("/sessions/current", status_code=204, responses=problems(401))
async def sign_out(caller: SignedIn, sessions: AllSessions) -> None:
    await sessions.end(caller.session.id, caller.account, caller.actor)


@router.delete("/sessions/others", responses=problems(401))
async def end_other_sessions(caller: SignedIn, sessions: AllSessions) -> EndedOut:
    ended = await sessions.end_others(caller.session, caller.account, caller.actor)
    return EndedOut(ended=ended)


@router.delete("/sessions/{session_id:uuid}", status_code=204, responses=problems(401, 404))
async def end_session(session_id: UUID, caller: SignedIn, sessions: AllSessions) -> None:
    await sessions.end(session_id, caller.account, caller.actor)


@router.post("/tokens", responses=problems(401, 403))
async def access_token(
    secret: Secret,
    sessions: AllSessions,
    api_tokens: TheApiTokens,
    origin: From,
    wanted: TokenRequest | None = None,
) -> TokenOut:
    """For a session token, or for a personal API token as far as its scopes go."""
    audience = (wanted or TokenRequest()).audience
    if secret.startswith(MARK):
        made = await api_tokens.access_token(secret, audience, origin)
    else:
        made = await sessions.access_token(secret, audience)
    return TokenOut(
        token=made.token, expires_at=made.expires_at, account=account_out(made.account)
    )


@public.get("/.well-known/jwks.json")
async def jwks(request: Request, response: Response) -> dict[str, Any]:
    keys: Keys = request.state.keys
    max_age = int(JWKS_MAX_AGE.total_seconds())
    response.headers["Cache-Control"] = f"public, max-age={max_age}"
    return await keys.published()
