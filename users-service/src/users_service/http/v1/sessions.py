"""Stay, see and end one's sessions."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from users_service.http.openapi import problems
from users_service.http.v1.dependencies import AllSessions, Body, SignedIn, Text
from users_service.http.v1.schemas import DeviceOut, SessionOut, device_out, session_out
from users_service.sign_in.reauthentication import Proofs

router = APIRouter()


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
