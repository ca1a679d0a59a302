"""The OpenID providers that an operator trusts, as USERS_PROVIDERS lists them."""

from collections.abc import Mapping
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, model_validator

GITHUB: Final = "https://github.com"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Provider(BaseModel):
    """A provider; `issuer`, half of each identity, is compared character by character."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    kind: Literal["oidc", "github"] = "oidc"
    title: str = Field("", max_length=64)
    issuer: str = GITHUB
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = SecretStr("")
    """May come from USERS_PROVIDER_SECRETS: see `with_secrets`."""
    scope: str = "openid profile email"
    reauthenticates: bool = True
    """Whether it says when people signed in (`auth_time`), which Google does not."""

    @model_validator(mode="after")
    def _has_an_issuer(self) -> Self:
        if self.kind == "oidc" and "issuer" not in self.model_fields_set:
            raise ValueError("an OpenID provider has an issuer")
        if not is_safe(self.issuer):
            raise ValueError("an issuer begins with https://")
        return self

    @property
    def label(self) -> str:
        """What its button says."""
        return self.title or self.name

    @property
    def can_reauthenticate(self) -> bool:
        """Whether it can be asked to authenticate a person again."""
        return self.kind == "oidc" and self.reauthenticates


Providers = Mapping[str, Provider]


def parse(listed: str) -> dict[str, Provider]:
    """Read providers from a JSON array; raise ValueError, which quotes no secret."""
    found = TypeAdapter(list[Provider]).validate_json(listed)
    by_name = {provider.name: provider for provider in found}
    if len(by_name) != len(found):
        raise ValueError("two providers have one name")
    return by_name


def with_secrets(listed: Providers, secrets: str) -> dict[str, Provider]:
    """Return the providers with their client secrets, from a JSON object by name.

    Raises ValueError for a name that is not listed, or a provider that has no secret.
    """
    given = TypeAdapter(dict[str, SecretStr]).validate_json(secrets or "{}")
    if unknown := given.keys() - listed.keys():
        raise ValueError(f"{', '.join(sorted(unknown))} is not listed in USERS_PROVIDERS")
    whole = {
        name: provider.model_copy(update={"client_secret": given[name]})
        if name in given
        else provider
        for name, provider in listed.items()
    }
    for name, provider in whole.items():
        if not provider.client_secret.get_secret_value().strip():
            raise ValueError(f"the client secret of the provider {name} is missing")
    return whole


def is_safe(url: object) -> bool:
    """Return whether requests may be sent there: by TLS, or to this machine itself."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_here = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or is_here)
