"""HTTP for people's browsers, by way of web: sign up, sign in, access tokens, sign out."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.security import HTTPBearer
from pydantic import AfterValidator, BaseModel, ConfigDict

from users_service import callers
from users_service.documents import problems
from users_service.domain import Account, Origin, Session
from users_service.errors import NotAllowed, SessionEnded, Unauthenticated
from users_service.keys import JWKS_MAX_AGE, Keys
from users_service.sessions import Sessions
from users_service.sign_up import Applicant, Entrance


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        # JSON can hold half a character; neither a hash nor the database can.
        raise ValueError("has half a character in it") from None
    return text


Text = Annotated[str, AfterValidator(_whole)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAccount(_Body):
    username: Text
    password: Text
    name: Text | None = None
    email: Text | None = None
    invite: Text | None = None
    setup_token: Text | None = None


class Login(_Body):
    username: Text
    password: Text


class TokenRequest(_Body):
    audience: Literal["notes", "realtime"] = "notes"


class NewInvitation(_Body):
    admin: bool = False


class AccountOut(BaseModel):
    id: UUID
    username: str
    name: str
    roles: list[str]


class SignUpOut(BaseModel):
    mode: Literal["open", "invite", "closed"]
    first_account: bool
    setup_token: bool
    """The first administrator has to show the setup token."""


class SessionOut(BaseModel):
    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    idle_expires_at: datetime
    account: AccountOut


class LoginOut(SessionOut):
    token: str


class TokenOut(BaseModel):
    token: str
    expires_at: datetime
    account: AccountOut


class InvitationOut(BaseModel):
    code: str
    expires_at: datetime


async def _origin(request: Request) -> Origin:
    keys: callers.ApiKeys = request.state.api_keys
    peer = callers.peer(request)
    if keys.holder(request) is None:
        return peer
    said = callers.forwarded(request)
    return Origin(address=said.address or peer.address, device=said.device)


class _WithSession(HTTPBearer):
    async def __call__(self, request: Request) -> str:  # type: ignore[override]
        secret = callers.bearer_secret(request)
        if secret is None:
            raise SessionEnded
        return secret


async def _inviter(request: Request) -> UUID | None:
    """The administrator who asks; None for the holder of an API key."""
    keys: callers.ApiKeys = request.state.api_keys
    if keys.holder(request) is not None:
        return None
    secret = callers.bearer_secret(request)
    if secret is None:
        raise Unauthenticated
    sessions: Sessions = request.state.sessions
    _, account = await sessions.current(secret)
    if not account.is_admin:
        raise NotAllowed
    return account.id


async def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.state.sessions
    return sessions


async def _entrance(request: Request) -> Entrance:
    entrance: Entrance = request.state.entrance
    return entrance


async def _not_stored(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


From = Annotated[Origin, Depends(_origin)]
Secret = Annotated[str, Depends(_WithSession(scheme_name="Session"))]
AllSessions = Annotated[Sessions, Depends(_sessions)]
TheEntrance = Annotated[Entrance, Depends(_entrance)]

router = APIRouter(
    prefix="/v1",
    tags=["v1"],
    dependencies=[Depends(_not_stored)],
    responses=problems(400, 413, 422, 503),
)
public = APIRouter(tags=["keys"])


@router.get("/sign-up")
async def sign_up_mode(entrance: TheEntrance) -> SignUpOut:
    is_first = await entrance.is_first_expected()
    return SignUpOut(
        mode=entrance.mode.value,
        first_account=is_first,
        setup_token=is_first and entrance.setup_token is not None,
    )


@router.post("/accounts", status_code=201, responses=problems(403, 409, 429))
async def sign_up(wanted: NewAccount, origin: From, entrance: TheEntrance) -> AccountOut:
    applicant = Applicant(**wanted.model_dump())
    return _account(await entrance.sign_up(applicant, origin))


@router.post("/invitations", status_code=201, responses=problems(401, 403))
async def invite(
    entrance: TheEntrance,
    by: Annotated[UUID | None, Depends(_inviter)],
    wanted: NewInvitation | None = None,
) -> InvitationOut:
    as_admin = wanted is not None and wanted.admin
    made = await entrance.invite(as_admin=as_admin, by=by)
    return InvitationOut(code=made.code, expires_at=made.expires_at)


@router.post("/sessions", status_code=201, responses=problems(401, 429))
async def sign_in(login: Login, origin: From, sessions: AllSessions) -> LoginOut:
    signed_in = await sessions.sign_in(login.username, login.password, origin)
    session = _session(signed_in.session, signed_in.account)
    return LoginOut(token=signed_in.secret, **session)


@router.get("/sessions/current", responses=problems(401))
async def current_session(secret: Secret, sessions: AllSessions) -> SessionOut:
    return SessionOut(**_session(*await sessions.current(secret)))


@router.delete("/sessions/current", status_code=204, responses=problems(401))
async def sign_out(secret: Secret, sessions: AllSessions) -> None:
    await sessions.end(secret)


@router.post("/tokens", responses=problems(401))
async def access_token(
    secret: Secret, sessions: AllSessions, wanted: TokenRequest | None = None
) -> TokenOut:
    audience = (wanted or TokenRequest()).audience
    made = await sessions.access_token(secret, audience)
    return TokenOut(
        token=made.token, expires_at=made.expires_at, account=_account(made.account)
    )


@public.get("/.well-known/jwks.json")
async def jwks(request: Request, response: Response) -> dict[str, Any]:
    keys: Keys = request.state.keys
    max_age = int(JWKS_MAX_AGE.total_seconds())
    response.headers["Cache-Control"] = f"public, max-age={max_age}"
    return await keys.published()


def install(app: FastAPI) -> None:
    app.include_router(router)
    app.include_router(public)


def _account(account: Account) -> AccountOut:
    return AccountOut(
        id=account.id,
        username=account.username,
        name=account.display_name,
        roles=list(account.roles),
    )


def _session(session: Session, account: Account) -> dict[str, Any]:
    return {
        "id": session.id,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": session.expires_at,
        "idle_expires_at": session.idle_expires_at,
        "account": _account(account),
    }
