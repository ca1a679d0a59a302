"""Who is calling, proven by the issuer's public keys.

A key that was fetched once stays usable while the issuer is away, so an outage of users-service
signs nobody out before the token's own end. A flood of unknown key ids costs at most one fetch
in `refetch_seconds`. A valid token may have been revoked (contracts/revocations.md). Sources:
RFC 7517 (JWK set), RFC 7519 (JWT), RFC 8037 (EdDSA keys).
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisClusterException, RedisError

log = logging.getLogger(__name__)

ALGORITHMS = ("EdDSA",)
REDIRECTS = 3


class InvalidToken(Exception):
    """The token is not valid; the text is for logs and never quotes the token."""


class KeysUnavailable(InvalidToken):
    """The issuer's keys cannot be fetched: the token may be valid, and a later try succeed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a valid access token says of its bearer; `expires_at` is in Unix seconds."""

    user_id: str
    name: str
    roles: frozenset[str]
    session_id: str
    generation: int
    """Of its account, when the token was made."""
    expires_at: float


class Jwks:
    """The issuer's key set, fetched when a token names a key that is not known yet."""

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        *,
        refetch_seconds: float = 5.0,
        refresh_seconds: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._client = client
        self._refetch_seconds = refetch_seconds
        self._refresh_seconds = refresh_seconds
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._tried_at = -float("inf")
        self._fetched_at = -float("inf")
        self._fetching: asyncio.Task[None] | None = None

    def cached(self, kid: str) -> jwt.PyJWK | None:
        """Return the key if it is known and fresh; None means: ask `key`."""
        if self._clock() - self._fetched_at > self._refresh_seconds:
            return None
        return self._keys.get(kid)

    async def key(self, kid: str) -> jwt.PyJWK:
        """Return the key named `kid`, fetching the set if need be.

        Raises InvalidToken if the issuer does not publish it, KeysUnavailable if it cannot be
        asked.
        """
        if found := self.cached(kid):
            return found
        if self._fetching is not None or (
            self._clock() - self._tried_at >= self._refetch_seconds
        ):
            await self._refresh()
        if kid not in self._keys:
            if self._fetched_at < self._tried_at:
                raise KeysUnavailable("the issuer's keys cannot be fetched now")
            raise InvalidToken("signed with a key that the issuer does not publish")
        return self._keys[kid]

    async def _refresh(self) -> None:
        # One fetch serves everybody who waits; a waiter that is cancelled does not cancel it.
        if self._fetching is None:
            self._tried_at = self._clock()
            self._fetching = asyncio.create_task(self._fetch(), name="jwks")
            self._fetching.add_done_callback(self._forget_task)
        await asyncio.shield(self._fetching)

    def _forget_task(self, _: asyncio.Task[None]) -> None:
        self._fetching = None

    async def _fetch(self) -> None:
        try:
            response = await self._get()
            response.raise_for_status()
            found = usable_keys(response.json()["keys"])
            self._keys = {key.key_id: key for key in reversed(found) if key.key_id is not None}
            self._fetched_at = self._clock()
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            # The old keys stay: better a late rotation than an outage.
            log.warning("keys not fetched from %s: %s", self._url, _why(error))

    async def _get(self) -> httpx.Response:
        """What stands at the address, or at another one of the same host."""
        response = await self._client.get(self._url, timeout=3.0)
        for _ in range(REDIRECTS):
            following = response.next_request
            if following is None or not _is_within(following.url, response.url):
                break
            response = await self._client.get(following.url, timeout=3.0)
        return response


def usable_keys(listed: object) -> list[jwt.PyJWK]:
    """Return the public keys for signatures in a JWK set (RFC 7517, 5), and skip the rest.

    Skipped are keys for encryption, secrets and unknown kinds. Raises TypeError without a list.
    """
    if not isinstance(listed, list):
        raise TypeError("a list of keys is expected")
    found = []
    for each in listed:
        if not isinstance(each, dict) or each.get("kty") == "oct":
            continue  # a secret that everybody may read is none
        if each.get("use", "sig") != "sig" or "verify" not in each.get("key_ops", ["verify"]):
            continue
        if not isinstance(each.get("kid", ""), str):
            continue
        try:
            found.append(jwt.PyJWK(each))
        except Exception as error:  # noqa: BLE001 - whatever one raises, the others are read
            log.info("a key of kind %.20r is passed over: %s", each.get("kty"), _why(error))
    return found


def _is_within(url: httpx.URL, before: httpx.URL) -> bool:
    return url.host == before.host and (
        (url.scheme, url.port) == (before.scheme, before.port)
        or (before.scheme, url.scheme) == ("http", "https")
    )


def _why(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"status {error.response.status_code}"
    return type(error).__name__


class TokenVerifier:
    """Checks access tokens of one issuer for one audience."""

    def __init__(self, jwks: Jwks, *, issuer: str, audience: str) -> None:
        self._jwks = jwks
        self._issuer = issuer
        self._audience = audience

    async def verify(self, token: str) -> Identity:
        """Return whose token it is; raise InvalidToken unless it is valid here and now."""
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            if not isinstance(kid, str):
                raise InvalidToken("names no key")
            key = await self._jwks.key(kid)
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                issuer=self._issuer,
                audience=self._audience,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise InvalidToken(error.__class__.__name__) from error
        return _identity(claims)


class Revocations:
    """Reads which tokens were revoked; the timeouts are those of the caller's Redis client.

    While Redis is away no token counts as revoked, and Redis is asked again after
    `rest_seconds`: a token then lives until its own end, five minutes at most.
    """

    def __init__(self, redis: Redis, unread: Counter, *, rest_seconds: float = 1.0) -> None:
        self._redis = redis
        self._unread = unread
        self._rest_seconds = rest_seconds
        self._rests_until = -float("inf")

    async def is_revoked(self, bearer: Identity) -> bool:
        """Return whether the bearer's token was revoked; False while Redis is away."""
        if time.monotonic() < self._rests_until:
            self._unread.inc()
            return False
        account = f"revoked:account:{bearer.user_id}"
        session = f"revoked:session:{bearer.session_id}"
        try:
            # No MGET: in a cluster the two lie apart.
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.get(account)
                pipe.get(session)
                least, ended = await pipe.execute()
        except (RedisError, RedisClusterException, OSError) as error:
            self._rests_until = time.monotonic() + self._rest_seconds
            self._unread.inc()
            log.warning("revocations not read, tokens pass: %r", error)
            return False
        return ended is not None or bearer.generation < int(least or 0)


def _identity(claims: dict[str, Any]) -> Identity:
    roles, generation = claims.get("roles", []), claims.get("gen", 0)
    if not isinstance(roles, list) or not isinstance(generation, int):
        raise InvalidToken("a claim is of another type")
    return Identity(
        user_id=str(claims["sub"]),
        name=str(claims.get("name", "")),
        roles=frozenset(str(role) for role in roles),
        session_id=str(claims.get("sid", "")),
        generation=generation,
        expires_at=float(claims["exp"]),
    )
