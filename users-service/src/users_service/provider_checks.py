"""What a browser and a provider bring back, held against what was asked of them. Pure."""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from users_service.errors_elsewhere import SignInRefused
from users_service.providers import GITHUB, Provider, is_safe

LEEWAY_SECONDS: Final = 60
"""So far may a provider's clock be from ours."""
_SUBJECT_LIMIT: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What we remember of a browser that we sent to a provider."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    since: float | None = None
    """The person has to prove who they are there, after this time; None: as they please."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What the browser brings back."""

    code: str
    state: str
    iss: str | None


def check_metadata(provider: Provider, metadata: dict[str, Any]) -> None:
    if metadata.get("issuer") != provider.issuer:
        raise SignInRefused("metadata of another issuer")
    by_tls = provider.issuer.startswith("https://")
    for endpoint in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        where = metadata.get(endpoint)
        # A provider out there has nothing to tell us about addresses of this machine.
        if not is_safe(where) or (by_tls and not str(where).startswith("https://")):
            raise SignInRefused(f"{endpoint} is not safe")


def check_return(
    provider: Provider, metadata: dict[str, Any], visit: Visit, brought: Return
) -> None:
    if not is_same(brought.state, visit.state):
        raise SignInRefused("state")
    # RFC 9207: the answer of one provider must not be taken for another's.
    promised = metadata.get("authorization_response_iss_parameter_supported") is True
    if (promised or brought.iss is not None) and brought.iss != provider.issuer:
        raise SignInRefused("iss of the answer")


def check_audience(provider: Provider, claims: dict[str, Any]) -> None:
    audience = claims["aud"]
    is_only_ours = audience in (provider.client_id, [provider.client_id])
    authorized = claims.get("azp", provider.client_id if is_only_ours else None)
    if authorized != provider.client_id:
        raise SignInRefused("azp")


def authenticated_at(visit: Visit, claims: dict[str, Any], now: datetime) -> datetime | None:
    """When the person last proved there who they are; None where the provider does not say.

    Asked for a proof (`max_age=0`, OpenID Connect Core 3.1.2.1), an old one does not do.
    """
    said = claims.get("auth_time")
    at = float(said) if isinstance(said, int | float) and said >= 0 else None
    if at is not None and at > now.timestamp() + LEEWAY_SECONDS:
        raise SignInRefused("auth_time")
    if visit.since is not None and (at is None or at < visit.since - LEEWAY_SECONDS):
        raise SignInRefused("auth_time")
    return None if at is None else min(datetime.fromtimestamp(at, UTC), now)


def github_metadata(provider: Provider) -> dict[str, Any]:
    at = provider.issuer.rstrip("/")
    api = "https://api.github.com" if at == GITHUB else f"{at}/api/v3"
    return {
        "authorization_endpoint": f"{at}/login/oauth/authorize",
        "token_endpoint": f"{at}/login/oauth/access_token",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "userinfo_endpoint": f"{api}/user",
    }


def subject_of(subject: object) -> str:
    if not isinstance(subject, str) or not 1 <= len(subject) <= _SUBJECT_LIMIT:
        raise SignInRefused("sub")
    if "\0" in subject:
        raise SignInRefused("sub")
    return subject


def text_of(said: object) -> str | None:
    return said if isinstance(said, str) and said.strip() else None


def is_same(shown: object, expected: str) -> bool:
    return isinstance(shown, str) and hmac.compare_digest(shown.encode(), expected.encode())
