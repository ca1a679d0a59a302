"""Who is asking: the bearer of the access token, as users-service signed it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from service_kit.tokens import Identity, InvalidToken, TokenVerifier

from notes_service.domain import Caller, Person
from notes_service.errors import Unauthenticated


@dataclass(frozen=True, slots=True)
class Door:
    """Lets in bearers of good tokens, and anybody to public places."""

    verifier: TokenVerifier
    is_reading_public: bool

    async def caller(self, request: Request) -> Caller | None:
        """None without a token; Unauthenticated with one that is not good."""
        given = request.headers.get("authorization")
        if given is None:
            return None
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated
        try:
            return _caller(await self.verifier.verify(token.strip()))
        except InvalidToken as error:
            raise Unauthenticated from error


async def _door(request: Request) -> Door:
    door: Door = request.state.door
    return door


async def _writer(request: Request, door: Annotated[Door, Depends(_door)]) -> Caller:
    caller = await door.caller(request)
    if caller is None:
        raise Unauthenticated
    return caller


async def _reader(request: Request, door: Annotated[Door, Depends(_door)]) -> Caller | None:
    caller = await door.caller(request)
    if caller is None and not door.is_reading_public:
        raise Unauthenticated
    return caller


def _caller(identity: Identity) -> Caller:
    # A name may come with halves of surrogate pairs, which PostgreSQL and JSON refuse.
    name = identity.name.encode("utf-8", "replace").decode().replace("\x00", "")
    return Caller(Person(identity.user_id, name), identity.roles)


Reader = Annotated[Caller | None, Depends(_reader)]
"""Anybody where reading is public, else who is signed in."""

SignedIn = Annotated[Caller, Depends(_writer)]
