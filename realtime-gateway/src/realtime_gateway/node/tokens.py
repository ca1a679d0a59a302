"""JSON Web Tokens of connections and subscriptions.

With a JWKS address only the issuer's published keys count. Without one each kind of algorithm
has the one key that was configured for it, so that no key is ever taken for one of another
kind. Most verifications need no waiting, the key is at hand.
"""

import base64
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeVar

import httpx
import jwt
from service_kit.tokens import Identity, InvalidToken, Jwks, KeysUnavailable, Revocations

from realtime_gateway.config import patterns
from realtime_gateway.config.options import ClientOptions, TokenOptions
from realtime_gateway.node.token_log import TokenLog, check_of
from realtime_gateway.sessions import claims
from realtime_gateway.sessions.claims import (
    ConnectionClaims,
    InvalidClaims,
    SubscriptionClaims,
    TokenError,
)

SHARED: Final = ("HS256", "HS384", "HS512")
RSA: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
ECDSA: Final = ("ES256", "ES384", "ES512")
PUBLISHED: Final = ("EdDSA", *RSA, *ECDSA)

HEADERS_REMEMBERED: Final = 64

Claims = dict[str, Any]
C = TypeVar("C")


class TokenVerifier:
    """Checks tokens of one configuration.

    Waits only if a key has to be fetched, or if tokens may have been taken back
    (contracts/revocations.md): such a one counts as expired.
    """

    def __init__(
        self,
        options: TokenOptions,
        jwks: Jwks | None,
        revocations: Revocations | None = None,
        token_log: TokenLog | None = None,
    ) -> None:
        self._token_log = token_log or TokenLog()
        self._options = options
        self._jwks = jwks
        self._revocations = revocations
        self._keys = {
            algorithms: key
            for algorithms, key in (
                (SHARED, options.hmac_secret_key),
                (RSA, options.rsa_public_key),
                (ECDSA, options.ecdsa_public_key),
            )
            if key
        }
        self._checks = {
            "verify_aud": bool(options.audience),
            "verify_iss": bool(options.issuer),
            "verify_iat": False,
            "verify_sub": False,
            "verify_jti": False,
            "require": _required(options),
        }

    @property
    def has_keys(self) -> bool:
        """Whether there is anything to verify tokens with."""
        return bool(self._keys) or self._jwks is not None

    def connection_now(self, token: str) -> ConnectionClaims | TokenError | None:
        """The verdict; None if it has to be waited for."""
        found = None if self._revocations else self._claims_now(token)
        return self._read(claims.connection, found)

    async def connection(self, token: str) -> ConnectionClaims | TokenError:
        """The claims of a connection token, or why it is refused."""
        verdict = self._read(claims.connection, await self._standing(token))
        assert verdict is not None
        return verdict

    def subscription_now(self, token: str) -> SubscriptionClaims | TokenError | None:
        """The verdict; None if it has to be waited for."""
        found = None if self._revocations else self._claims_now(token)
        return self._read(claims.subscription, found)

    async def subscription(self, token: str) -> SubscriptionClaims | TokenError:
        """The claims of a subscription token, or why it is refused."""
        verdict = self._read(claims.subscription, await self._standing(token))
        assert verdict is not None
        return verdict

    async def _standing(self, token: str) -> Claims | TokenError:
        """The claims of a good token that nobody has taken back."""
        found = await self._claims(token)
        if self._revocations is None or isinstance(found, TokenError):
            return found
        generation = found.get("gen", 0)
        if type(generation) is not int:
            return self._refuse("gen: not a whole number")
        bearer = Identity(
            user_id=str(found.get("sub", "")),
            name="",
            roles=frozenset(),
            session_id=str(found.get("sid", "")),
            generation=generation,
            expires_at=float("inf"),  # that it is good has been looked at
        )
        if await self._revocations.is_revoked(bearer):
            return self._refuse("sid, gen: it was taken back", TokenError.EXPIRED)
        return found

    async def _claims(self, token: str) -> Claims | TokenError:
        verdict = self._claims_now(token)
        if verdict is not None:
            return verdict
        assert self._jwks is not None
        try:
            kid = _header(token.partition(".")[0])[1]
            assert kid is not None
            key = await self._jwks.key(kid)
        except KeysUnavailable:
            return self._refuse(
                "kid: the issuer's keys are not to be had", TokenError.UNAVAILABLE
            )
        except InvalidToken:
            return self._refuse("kid: the issuer publishes no such key")
        return self._decode(token, key.key, PUBLISHED)

    def _claims_now(self, token: str) -> Claims | TokenError | None:
        algorithm, kid = _header(token.partition(".")[0])
        if self._jwks is None:
            for algorithms, key in self._keys.items():
                if algorithm in algorithms:
                    return self._decode(token, key, algorithms)
            return self._refuse(_header_fault(algorithm, "no key is configured for it"))
        if algorithm not in PUBLISHED:
            return self._refuse(_header_fault(algorithm, "not one that key sets have"))
        if kid is None:
            return self._refuse("kid: it names no key")
        published = self._jwks.cached(kid)
        return None if published is None else self._decode(token, published.key, PUBLISHED)

    def _decode(self, token: str, key: Any, algorithms: tuple[str, ...]) -> Claims | TokenError:
        try:
            found: Claims = jwt.decode(
                token,
                key,
                algorithms=list(algorithms),
                audience=self._options.audience or None,
                issuer=self._options.issuer or None,
                options=self._checks,  # type: ignore[arg-type]
            )
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
            return self._refuse(check_of(error), TokenError.EXPIRED)
        # The last ones: a key of another kind, or a time that is no number.
        except (jwt.PyJWTError, TypeError, ValueError, ArithmeticError) as error:
            return self._refuse(check_of(error))
        audience = found.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if not _any(self._options.audience_regex, audiences):
            return self._refuse("aud: it does not fit audience_regex")
        if not _any(self._options.issuer_regex, [found.get("iss")]):
            return self._refuse("iss: it does not fit issuer_regex")
        return found

    def _refuse(self, why: str, token_error: TokenError = TokenError.INVALID) -> TokenError:
        self._token_log.tell(why)
        return token_error

    def _read(
        self, read: Callable[[Claims, str], C], found: Claims | TokenError | None
    ) -> C | TokenError | None:
        if found is None or isinstance(found, TokenError):
            return found
        try:
            return read(found, self._options.user_id_claim)
        except InvalidClaims as error:
            return self._refuse(str(error), error.error)


def verifiers(
    client: ClientOptions,
    http: httpx.AsyncClient,
    revocations: Callable[[], Revocations],
    token_log: TokenLog,
) -> tuple[TokenVerifier, TokenVerifier]:
    """Of connection and of subscription tokens. `revocations` is asked for once, if at all."""
    own = client.subscription_token
    asked = client.token.check_revocations or (own.enabled and own.check_revocations)
    reader = revocations() if asked else None

    def verifier(options: TokenOptions) -> TokenVerifier:
        endpoint = options.jwks_public_endpoint
        jwks = Jwks(endpoint, http) if endpoint else None
        standing = reader if options.check_revocations else None
        return TokenVerifier(options, jwks, standing, token_log)

    connections = verifier(client.token)
    return connections, verifier(own) if own.enabled else connections


@lru_cache(maxsize=HEADERS_REMEMBERED)
def _header(encoded: str) -> tuple[str | None, str | None]:
    """Algorithm and key of a token's first part, unverified; nothing if it cannot be read.

    One issuer's tokens begin alike, so that this is worth remembering.
    """
    try:
        found = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        named = found.get("alg"), found.get("kid")
    except (ValueError, AttributeError, RecursionError):
        return None, None
    algorithm, kid = (name if isinstance(name, str) else None for name in named)
    return algorithm, kid


def _header_fault(algorithm: str | None, why: str) -> str:
    return "form: its head cannot be read" if algorithm is None else f"alg: {why}"


def _any(pattern: str, values: list[Any]) -> bool:
    return not pattern or any(
        isinstance(value, str) and patterns.compiled(pattern).search(value) for value in values
    )


def _required(options: TokenOptions) -> list[str]:
    wanted = {"aud": options.audience, "iss": options.issuer}
    return [claim for claim, value in wanted.items() if value]
