"""What routes of /v1 get from a request: who calls, from where, and the use cases."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import HTTPBearer
from pydantic import AfterValidator, BaseModel, ConfigDict
from service_kit.asgi import from_state

from users_service.credentials.methods import SignInMethods
from users_service.domain import principals
from users_service.domain.accounts import Account, given_text
from users_service.domain.principals import Principal
from users_service.domain.sessions import Client, Session
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
"""A query parameter that the database can be searched with."""


class Body(BaseModel):
    """The base of request bodies, which refuses unknown fields."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class CurrentSession:
    """The session that a request shows, its account, and where the request comes from."""

    session: Session
    account: Account
    client: Client

    @property
    def principal(self) -> Principal:
        """The signed-in person, as the audit log names them."""
        return principals.account_holder(self.account, self.client, self.session)


async def not_stored(response: Response) -> None:
    """Forbid every cache to store the answer (RFC 9111, 5.2.2.5)."""
    response.headers["Cache-Control"] = "no-store"


async def _client(request: Request) -> Client:
    keys: authentication.ApiKeys = request.state.api_keys
    peer = authentication.peer(request)
    if not keys.may_forward(request):
        return peer
    said = authentication.forwarded(request)
    return Client(address=said.address or peer.address, device=said.device)


class _WithSession(HTTPBearer):
    async def __call__(self, request: Request) -> str:  # type: ignore[override]
        secret = authentication.bearer_secret(request)
        if secret is None:
            raise SessionEnded
        return secret


From = Annotated[Client, Depends(_client)]
Secret = Annotated[str, Depends(_WithSession(scheme_name="Session"))]
AllSessions = Annotated[Sessions, Depends(from_state("sessions"))]


async def _signed_in(secret: Secret, sessions: AllSessions, client: From) -> CurrentSession:
    session, account = await sessions.current(secret)
    return CurrentSession(session, account, client)


SignedIn = Annotated[CurrentSession, Depends(_signed_in)]


async def _fresh(signed_in: SignedIn, sessions: AllSessions) -> CurrentSession:
    sessions.require_fresh(signed_in.session)
    return signed_in


FreshlySignedIn = Annotated[CurrentSession, Depends(_fresh)]


async def _administrator(request: Request, sessions: AllSessions, client: From) -> Principal:
    """An administrator's session, or an API key."""
    signed_in = await _key_or_administrator(request, sessions, client)
    return signed_in.principal if isinstance(signed_in, CurrentSession) else signed_in


async def _fresh_administrator(
    request: Request, sessions: AllSessions, client: From
) -> Principal:
    signed_in = await _key_or_administrator(request, sessions, client)
    if not isinstance(signed_in, CurrentSession):
        return signed_in
    sessions.require_fresh(signed_in.session)
    return signed_in.principal


async def _key_or_administrator(
    request: Request, sessions: Sessions, client: Client
) -> Principal | CurrentSession:
    keys: authentication.ApiKeys = request.state.api_keys
    holder = keys.holder(request)
    if holder is not None:
        return principals.api_key_holder(holder, client)
    secret = authentication.bearer_secret(request)
    if secret is None:
        await authentication.refuse(request, client)
        raise Unauthenticated
    session, account = await sessions.current(secret)
    if not account.is_admin:
        raise NotAllowed
    return CurrentSession(session, account, client)


async def _program(request: Request, client: From) -> Principal:
    """An API key; a session is not enough."""
    keys: authentication.ApiKeys = request.state.api_keys
    holder = keys.holder(request)
    if holder is None:
        await authentication.refuse(request, client)
        raise Unauthenticated
    return principals.api_key_holder(holder, client)


TheSignInMethods = Annotated[SignInMethods, Depends(from_state("sign_in_methods"))]


async def with_passwords(sign_in_methods: TheSignInMethods) -> None:
    """Raise PasswordSignInDisabled where it is: for routes about passwords."""
    sign_in_methods.require_passwords()


Program = Annotated[Principal, Depends(_program)]
Administrator = Annotated[Principal, Depends(_administrator)]
FreshAdministrator = Annotated[Principal, Depends(_fresh_administrator)]
