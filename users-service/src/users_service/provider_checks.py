"""What a browser and a provider bring back, held against what was asked of them. Pure."""

import hmac
from dataclasses import dataclass
from typing import Any, Final

from users_service.errors_elsewhere import SignInRefused
from users_service.providers import GITHUB, Provider, is_safe

_SUBJECT_LIMIT: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What we remember of a browser that we sent to a provider."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What the browser brings back."""

    code: str
    state: str
    iss: str | None


def check_metadata(provider: Provider, metadata: dict[str, Any]) -> None:
    if metadata.get("issuer") != provider.issuer:
        raise SignInRefused("metadata of another issuer")
    for endpoint in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not is_safe(metadata.get(endpoint)):
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
