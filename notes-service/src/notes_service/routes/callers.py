"""Who is asking: the bearer of the access token, as users-service signed it."""

import time
from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Depends, Request
from service_kit.logs import area
from service_kit.tokens import Identity, InvalidToken, Revocations, TokenVerifier

from notes_service.domain import Caller, Person
from notes_service.errors import TokenRevoked, Unauthenticated

trace = area("notes:callers")

_PROVEN_TOKENS: Final = 2048


class Door:
    """Lets in bearers of good tokens, and anybody to public places.

    A token that was proven is believed until its own end, five minutes at most, without
    checking its signature again: that is a fifth of the work of a save. Whether it was taken
    back is asked each time.
    """

    def __init__(
        self,
        verifier: TokenVerifier,
        revocations: Revocations,
        *,
        is_reading_public: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.is_reading_public = is_reading_public
        self._verifier = verifier
        self._revocations = revocations
        self._clock = clock
        self._proven: dict[str, tuple[Caller, Identity]] = {}

    async def caller(self, request: Request) -> Caller | None:
        """None without a token; Unauthenticated with one that is not good."""
        given = request.headers.get("authorization")
        if given is None:
            return None
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated
        caller, identity = self._proven.get(token) or await self._prove(token)
        if identity.expires_at <= self._clock():
            raise Unauthenticated
        if await self._revocations.cover(identity):
            trace.debug("refused a token that was taken back")
            raise TokenRevoked
        return caller

    async def _prove(self, token: str) -> tuple[Caller, Identity]:
        try:
            identity = await self._verifier.verify(token.strip())
        except InvalidToken as error:
            trace.debug("refused a token: %s", error)
            raise Unauthenticated from error
        if len(self._proven) >= _PROVEN_TOKENS:
            del self._proven[next(iter(self._proven))]  # the one that was proven first
        self._proven[token] = proven = _caller(identity), identity
        return proven


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
