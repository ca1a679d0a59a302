"""Who is asking: the bearer of the access token, as users-service signed it."""

import time
from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Depends, Request
from service_kit.asgi import from_state
from service_kit.logs import area
from service_kit.tokens import Identity, InvalidToken, Revocations, TokenVerifier

from notes_service.domain.errors import TokenRevoked, Unauthenticated
from notes_service.domain.notes import Caller, Person

trace = area("notes:bearer")

_VERIFIED_TOKENS: Final = 2048


class BearerAuth:
    """Lets in bearers of valid tokens, and everybody where reading is public.

    A token that was verified is accepted until its own end, five minutes at most, without
    checking its signature again: that is a fifth of the work of a save. Whether it was revoked
    is looked up each time.
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
        self._verified: dict[str, tuple[Caller, Identity]] = {}

    async def caller(self, request: Request) -> Caller | None:
        """Return who sends the request, None without a token.

        Raises Unauthenticated if the token is not valid, TokenRevoked if it was revoked.
        """
        given = request.headers.get("authorization")
        if given is None:
            return None
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated
        caller, identity = self._verified.get(token) or await self._verify(token)
        if identity.expires_at <= self._clock():
            raise Unauthenticated
        if await self._revocations.is_revoked(identity):
            trace.debug("refused a revoked token")
            raise TokenRevoked
        return caller

    async def _verify(self, token: str) -> tuple[Caller, Identity]:
        try:
            identity = await self._verifier.verify(token.strip())
        except InvalidToken as error:
            trace.debug("refused a token: %s", error)
            raise Unauthenticated from error
        if len(self._verified) >= _VERIFIED_TOKENS:
            del self._verified[next(iter(self._verified))]  # the one that was verified first
        self._verified[token] = verified = _caller(identity), identity
        return verified


async def _writer(
    request: Request, bearer_auth: Annotated[BearerAuth, Depends(from_state("bearer_auth"))]
) -> Caller:
    caller = await bearer_auth.caller(request)
    if caller is None:
        raise Unauthenticated
    return caller


async def _reader(
    request: Request, bearer_auth: Annotated[BearerAuth, Depends(from_state("bearer_auth"))]
) -> Caller | None:
    caller = await bearer_auth.caller(request)
    if caller is None and not bearer_auth.is_reading_public:
        raise Unauthenticated
    return caller


def _caller(identity: Identity) -> Caller:
    # A name may come with halves of surrogate pairs, which PostgreSQL and JSON refuse.
    name = identity.name.encode("utf-8", "replace").decode().replace("\x00", "")
    return Caller(Person(identity.user_id, name), identity.roles)


Reader = Annotated[Caller | None, Depends(_reader)]
"""Everybody where reading is public, else only who is signed in."""

SignedIn = Annotated[Caller, Depends(_writer)]
