"""JSON Web Tokens of connections and subscriptions.

With a JWKS address only the issuer's published keys count, else only the shared secret (HMAC):
the two kinds of algorithm never meet. Most verifications need no waiting, the key is at hand.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

import jwt
from service_kit.tokens import InvalidToken, Jwks, KeysUnavailable

from realtime_gateway.claims import ConnectionClaims, Refusal, SubscriptionClaims
from realtime_gateway.options import TokenOptions

SHARED: Final = ("HS256", "HS384", "HS512")
PUBLISHED: Final = (
    "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"
)  # fmt: skip

Claims = dict[str, Any]


class TokenVerifier:
    """Checks tokens of one configuration. `verify` awaits only if a key has to be fetched."""

    def __init__(self, options: TokenOptions, jwks: Jwks | None) -> None:
        self._options = options
        self._jwks = jwks
        self._secret = options.hmac_secret_key
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
        return bool(self._secret) or self._jwks is not None

    def connection_now(self, token: str) -> ConnectionClaims | Refusal | None:
        """The verdict; None if a key has to be fetched first."""
        return _connection(self._claims_now(token), self._options.user_id_claim)

    async def connection(self, token: str) -> ConnectionClaims | Refusal:
        verdict = _connection(await self._claims(token), self._options.user_id_claim)
        assert verdict is not None
        return verdict

    def subscription_now(self, token: str) -> SubscriptionClaims | Refusal | None:
        """The verdict; None if a key has to be fetched first."""
        return _subscription(self._claims_now(token), self._options.user_id_claim)

    async def subscription(self, token: str) -> SubscriptionClaims | Refusal:
        verdict = _subscription(await self._claims(token), self._options.user_id_claim)
        assert verdict is not None
        return verdict

    async def _claims(self, token: str) -> Claims | Refusal:
        verdict = self._claims_now(token)
        if verdict is not None:
            return verdict
        assert self._jwks is not None
        try:
            key = await self._jwks.key(jwt.get_unverified_header(token)["kid"])
        except KeysUnavailable:
            return Refusal.UNAVAILABLE
        except InvalidToken:
            return Refusal.INVALID
        return self._decode(token, key.key, PUBLISHED)

    def _claims_now(self, token: str) -> Claims | Refusal | None:
        if self._jwks is None:
            return (
                self._decode(token, self._secret, SHARED) if self._secret else Refusal.INVALID
            )
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            return Refusal.INVALID
        kid = header.get("kid")
        if header.get("alg") not in PUBLISHED or not isinstance(kid, str):
            return Refusal.INVALID
        key = self._jwks.cached(kid)
        return None if key is None else self._decode(token, key.key, PUBLISHED)

    def _decode(self, token: str, key: Any, algorithms: tuple[str, ...]) -> Claims | Refusal:
        try:
            claims: Claims = jwt.decode(
                token,
                key,
                algorithms=list(algorithms),
                audience=self._options.audience or None,
                issuer=self._options.issuer or None,
                options=self._checks,  # type: ignore[arg-type]
            )
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
            return Refusal.EXPIRED
        except (jwt.PyJWTError, TypeError, ValueError):  # the last two: a key of another kind
            return Refusal.INVALID
        return claims


def _required(options: TokenOptions) -> list[str]:
    wanted = {"aud": options.audience, "iss": options.issuer}
    return [claim for claim, value in wanted.items() if value]


def _connection(
    claims: Claims | Refusal | None, user_claim: str
) -> ConnectionClaims | Refusal | None:
    if claims is None or isinstance(claims, Refusal):
        return claims
    user = claims.get(user_claim, "")
    # A subscription token does not open a connection.
    if not isinstance(user, str) or "channel" in claims:
        return Refusal.INVALID
    lifetime = _lifetime(claims)
    if lifetime is not None and lifetime <= 0:
        return Refusal.EXPIRED
    return ConnectionClaims(user, lifetime, claims.get("info"))


def _subscription(
    claims: Claims | Refusal | None, user_claim: str
) -> SubscriptionClaims | Refusal | None:
    if claims is None or isinstance(claims, Refusal):
        return claims
    user, channel, client = (
        claims.get(user_claim, ""),
        claims.get("channel"),
        claims.get("client"),
    )
    if not isinstance(user, str) or not isinstance(channel, str):
        return Refusal.INVALID
    lifetime = _lifetime(claims)
    if lifetime is not None and lifetime <= 0:
        return Refusal.EXPIRED
    return SubscriptionClaims(user, channel, client, lifetime, claims.get("info"))


def _lifetime(claims: Mapping[str, Any]) -> float | None:
    """Seconds from now; `expire_at` overrides `exp`, and 0 there means for ever."""
    end = claims.get("expire_at", claims.get("exp"))
    if not isinstance(end, int | float) or end == 0:
        return None
    return end - time.time()
