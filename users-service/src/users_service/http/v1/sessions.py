"""One's own sessions: see them, authenticate again, end them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from service_kit.asgi import from_state

from users_service.http.openapi import problems
from users_service.http.v1.dependencies import AllSessions, Body, SignedIn, Text
from users_service.http.v1.schemas import DeviceOut, SessionOut, device_out, session_out
from users_service.sign_in.reauthentication import Reauthentication

router = APIRouter()


class PasswordProof(Body):
    """One's own password, and a code if the account has a second step."""

    password: Text
    code: Text | None = None
    """Of the app, or a recovery code: where the account has a second step."""


class ChallengeProof(Body):
    """The second step after authentication at a provider."""

    token: Text
    code: Text


class PasskeyProof(Body):
    """A passkey's answer, as `credential.toJSON()` gives it."""

    flow: Text
    credential: dict[str, Any]


class DevicesOut(BaseModel):
    """One's own sessions that are alive, the last used first."""

    sessions: list[DeviceOut]


class EndedOut(BaseModel):
    """How many sessions were ended."""

    ended: int


TheReauthentication = Annotated[Reauthentication, Depends(from_state("reauthentication"))]


@router.get("/sessions", responses=problems(401))
async def my_sessions(signed_in: SignedIn, sessions: AllSessions) -> DevicesOut:
    """Return one's own sessions, the current one among them."""
    found = await sessions.of(signed_in.account)
    current = signed_in.session.id
    return DevicesOut(sessions=[device_out(each, current=current) for each in found])


@router.get("/sessions/current", responses=problems(401))
async def current_session(signed_in: SignedIn) -> SessionOut:
    """Return the current session and its account."""
    return session_out(signed_in.session, signed_in.account)


@router.post("/sessions/current/re-authenticate", responses=problems(401, 403, 409, 429))
async def reauthenticate(
    proof: PasswordProof | PasskeyProof | ChallengeProof,
    signed_in: SignedIn,
    reauthentication: TheReauthentication,
) -> SessionOut:
    """Authenticate again, with a password, a passkey, or the second step after a provider.

    Routes that need recent authentication answer 403 `reauthentication_required` unless the
    last one is less than 15 minutes old.
    """
    kept, account, by = signed_in.session, signed_in.account, signed_in.principal
    match proof:
        case PasswordProof():
            kept = await reauthentication.by_password(
                kept, account, proof.password, proof.code, signed_in.client
            )
        case PasskeyProof():
            kept = await reauthentication.by_passkey(
                kept, account, proof.flow, proof.credential, by
            )
        case ChallengeProof():
            kept = await reauthentication.by_code(kept, account, proof.token, proof.code, by)
    return session_out(kept, account)


@router.delete("/sessions/current", status_code=204, responses=problems(401))
async def sign_out(signed_in: SignedIn, sessions: AllSessions) -> None:
    """End the current session and its access tokens."""
    await sessions.end(signed_in.session.id, signed_in.account, signed_in.principal)


@router.delete("/sessions/others", responses=problems(401))
async def end_other_sessions(signed_in: SignedIn, sessions: AllSessions) -> EndedOut:
    """End all sessions but the current one."""
    ended = await sessions.end_others(signed_in.session, signed_in.account, signed_in.principal)
    return EndedOut(ended=ended)


@router.delete("/sessions/{session_id:uuid}", status_code=204, responses=problems(401, 404))
async def end_session(session_id: UUID, signed_in: SignedIn, sessions: AllSessions) -> None:
    """End one of one's own sessions and its access tokens."""
    await sessions.end(session_id, signed_in.account, signed_in.principal)
