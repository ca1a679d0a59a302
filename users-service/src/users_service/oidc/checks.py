"""Checks of what a browser and a provider return, against what was asked of them. Pure."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import jwt
from jwt import PyJWK

from users_service.domain.oidc_errors import SignInRefused
from users_service.oidc.providers import GITHUB, Provider, is_safe

LEEWAY_SECONDS: Final = 60
"""How far a provider's clock may differ from ours."""
_SUBJECT_LIMIT: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What the browser was sent to the provider with; its answer is checked against this."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    since: float | None = None
    """The person has to authenticate after this time; None allows any."""
    invitation: str | None = None
    """The hash of the invitation code given at the start, for people without an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationResponse:
    """What the provider sent back through the browser (RFC 6749, 4.1.2; RFC 9207)."""

    code: str
    state: str
    iss: str | None


def check_metadata(provider: Provider, metadata: dict[str, Any]) -> None:
    """Raise SignInRefused if the metadata is another issuer's or an endpoint is not safe.

    OpenID Connect Discovery 4.3. A provider on the network must not name a loopback address.
    """
    if metadata.get("issuer") != provider.issuer:
        raise SignInRefused("metadata of another issuer")
    by_tls = provider.issuer.startswith("https://")
    for endpoint in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        where = metadata.get(endpoint)
        # A provider out there has nothing to tell us about addresses of this machine.
        if not is_safe(where) or (by_tls and not str(where).startswith("https://")):
            raise SignInRefused(f"{endpoint} is not safe")


def check_return(
    provider: Provider,
    metadata: dict[str, Any],
    request: AuthorizationRequest,
    response: AuthorizationResponse,
) -> None:
    """Raise SignInRefused if `state` or `iss` is not what the request needs.

    RFC 6749, 10.12, and RFC 9207: no provider can pass its answer off as another's.
    """
    if not is_same(response.state, request.state):
        raise SignInRefused("state")
    # RFC 9207: the answer of one provider must not be taken for another's.
    promised = metadata.get("authorization_response_iss_parameter_supported") is True
    if (promised or response.iss is not None) and response.iss != provider.issuer:
        raise SignInRefused("iss of the answer")


def check_audience(provider: Provider, claims: dict[str, Any]) -> None:
    """Raise SignInRefused unless the ID token is for us (OpenID Connect Core 3.1.3.7)."""
    audience = claims["aud"]
    is_only_ours = audience in (provider.client_id, [provider.client_id])
    authorized = claims.get("azp", provider.client_id if is_only_ours else None)
    if authorized != provider.client_id:
        raise SignInRefused("azp")


def check_addressed(provider: Provider, said: dict[str, Any]) -> None:
    """Raise SignInRefused if signed userinfo names another issuer or audience (Core 5.3.2)."""
    audience = said.get("aud", provider.client_id)
    is_for_us = provider.client_id in (audience if isinstance(audience, list) else [audience])
    if said.get("iss", provider.issuer) != provider.issuer or not is_for_us:
        raise SignInRefused("userinfo for somebody else")


def fitting_key(keys: Sequence[PyJWK], header: dict[str, Any]) -> PyJWK | None:
    """Return the key by its id, or the only one that fits if there is none (Core 10.1)."""
    able = [key for key in keys if _makes(key, header["alg"])]
    kid = header.get("kid")
    named = next((key for key in able if kid is not None and key.key_id == kid), None)
    if named is None and len(able) == 1 and None in (kid, able[0].key_id):
        return able[0]
    return named


def _makes(key: PyJWK, algorithm: str) -> bool:
    """Return whether the key can sign so: an RSA key makes several kinds of signatures."""
    is_rsa = key.key_type == "RSA" and algorithm.startswith(("RS", "PS"))
    return is_rsa or key.algorithm_name == algorithm


def authenticated_at(
    request: AuthorizationRequest, claims: dict[str, Any], now: datetime
) -> datetime | None:
    """Return when the person last authenticated there; None if the provider does not say.

    Raises SignInRefused if that lies in the future, or before the request where it asked for a
    new authentication (`max_age=0`, OpenID Connect Core 3.1.2.1).
    """
    said = claims.get("auth_time")
    at = float(said) if isinstance(said, int | float) and said >= 0 else None
    if at is not None and at > now.timestamp() + LEEWAY_SECONDS:
        raise SignInRefused("auth_time")
    if request.since is not None and (at is None or at < request.since - LEEWAY_SECONDS):
        raise SignInRefused("auth_time")
    return None if at is None else min(datetime.fromtimestamp(at, UTC), now)


def github_metadata(provider: Provider) -> dict[str, Any]:
    """Return GitHub's endpoints, or those of a GitHub Enterprise Server, as metadata."""
    at = provider.issuer.rstrip("/")
    api = "https://api.github.com" if at == GITHUB else f"{at}/api/v3"
    return {
        "authorization_endpoint": f"{at}/login/oauth/authorize",
        "token_endpoint": f"{at}/login/oauth/access_token",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "userinfo_endpoint": f"{api}/user",
    }


def subject_of(subject: object) -> str:
    """Return the subject; raise SignInRefused unless it is text of 1 to 255 characters."""
    if not isinstance(subject, str) or not 1 <= len(subject) <= _SUBJECT_LIMIT:
        raise SignInRefused("sub")
    if "\0" in subject:
        raise SignInRefused("sub")
    return subject


def text_of(said: object) -> str | None:
    """Return the claim if it is text that is not blank; None for anything else."""
    return said if isinstance(said, str) and said.strip() else None


def is_same(shown: object, expected: str) -> bool:
    """Compare in constant time; anything but text is different."""
    return isinstance(shown, str) and hmac.compare_digest(shown.encode(), expected.encode())


def decoded(token: str, key: PyJWK, algorithm: str, **asked: Any) -> dict[str, Any]:
    """Return the claims of a signed JWT; raise jwt.PyJWTError if a check fails (RFC 7519).

    Clocks may be 60 seconds apart. `asked` are PyJWT's `audience`, `issuer` and `options`.
    """
    claims: dict[str, Any] = jwt.decode(
        token, key.key, algorithms=[algorithm], leeway=LEEWAY_SECONDS, **asked
    )
    return claims


def objects(listed: object) -> list[Any]:
    """Return the JSON objects in a list and skip the rest; [] if it is no list."""
    return (
        [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    )


def with_query(endpoint: str, asked: dict[str, str]) -> str:
    """Return the URL with these parameters after those it has (RFC 6749, 3.1)."""
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"
