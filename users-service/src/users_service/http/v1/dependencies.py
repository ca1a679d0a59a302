"""Who asks, and what they ask of: everything that routes of /v1 get from a request."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import HTTPBearer
from pydantic import AfterValidator, BaseModel, ConfigDict

from users_service.credentials.methods import WaysIn
from users_service.domain import principals
from users_service.domain.accounts import Account, given_text
from users_service.domain.principals import Actor
from users_service.domain.sessions import Origin, Session
from users_service.domain.sign_in_errors import NotAllowed, SessionEnded, Unauthenticated
from users_service.http import authentication
from users_service.sessions.sessions import Sessions


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        # JSON can hold half a character; neither a hash nor the database can.
        raise ValueError("has half a character in it") from None
    return text


Text = Annotated[str, AfterValidator(_whole)]
Sought = Annotated[str | None, AfterValidator(lambda text: text and given_text("query", text))]
"""A text of the query string that the database is asked with."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person."""

    session: Session
    account: Account
    origin: Origin

    @property
    def actor(self) -> Actor:
        return principals.person(self.account, self.origin, self.session)


async def not_stored(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


async def _origin(request: Request) -> Origin:
    keys: authentication.ApiKeys = request.state.api_keys
    peer = authentication.peer(request)
    if not keys.vouch(request):
        return peer
    said = authentication.forwarded(request)
    return Origin(address=said.address or peer.address, device=said.device)


class _WithSession(HTTPBearer):
    async def __call__(self, request: Request) -> str:  # type: ignore[override]
        secret = authentication.bearer_secret(request)
        if secret is None:
            raise SessionEnded
        return secret


async def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.state.sessions
    return sessions


From = Annotated[Origin, Depends(_origin)]
Secret = Annotated[str, Depends(_WithSession(scheme_name="Session"))]
AllSessions = Annotated[Sessions, Depends(_sessions)]


async def _signed_in(secret: Secret, sessions: AllSessions, origin: From) -> Caller:
    session, account = await sessions.current(secret)
    return Caller(session, account, origin)


SignedIn = Annotated[Caller, Depends(_signed_in)]


async def _fresh(caller: SignedIn, sessions: AllSessions) -> Caller:
    sessions.require_fresh(caller.session)
    return caller


FreshlySignedIn = Annotated[Caller, Depends(_fresh)]


async def _administrator(request: Request, sessions: AllSessions, origin: From) -> Actor:
    """An administrator's session, or an API key."""
    caller = await _key_or_administrator(request, sessions, origin)
    return caller.actor if isinstance(caller, Caller) else caller


async def _fresh_administrator(request: Request, sessions: AllSessions, origin: From) -> Actor:
    caller = await _key_or_administrator(request, sessions, origin)
    if not isinstance(caller, Caller):
        return caller
    sessions.require_fresh(caller.session)
    return caller.actor


async def _key_or_administrator(
    request: Request, sessions: Sessions, origin: Origin
) -> Actor | Caller:
    keys: authentication.ApiKeys = request.state.api_keys
    holder = keys.holder(request)
    if holder is not None:
        return principals.program(holder, origin)
    secret = authentication.bearer_secret(request)
    if secret is None:
        await authentication.refuse(request, origin)
        raise Unauthenticated
    session, account = await sessions.current(secret)
    if not account.is_admin:
        raise NotAllowed
    return Caller(session, account, origin)


async def _program(request: Request, origin: From) -> Actor:
    """An API key, and no session whoever's it is."""
    keys: authentication.ApiKeys = request.state.api_keys
    holder = keys.holder(request)
    if holder is None:
        await authentication.refuse(request, origin)
        raise Unauthenticated
    return principals.program(holder, origin)


async def _ways_in(request: Request) -> WaysIn:
    ways_in: WaysIn = request.state.ways_in
    return ways_in


TheWaysIn = Annotated[WaysIn, Depends(_ways_in)]


async def with_passwords(ways_in: TheWaysIn) -> None:
    """For routes that are about passwords: refused where they are no way in."""
    ways_in.require_passwords()


Program = Annotated[Actor, Depends(_program)]
Administrator = Annotated[Actor, Depends(_administrator)]
FreshAdministrator = Annotated[Actor, Depends(_fresh_administrator)]
