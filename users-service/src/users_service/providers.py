"""The OpenID providers that an operator trusts, as USERS_PROVIDERS lists them."""

from typing import Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, model_validator

GITHUB: Final = "https://github.com"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Provider(BaseModel):
    """`issuer` is the first half of an identity: it is compared letter by letter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    kind: Literal["oidc", "github"] = "oidc"
    title: str = Field("", max_length=64)
    issuer: str = GITHUB
    client_id: str
    client_secret: SecretStr
    scope: str = "openid profile email"

    @model_validator(mode="after")
    def _has_an_issuer(self) -> Self:
        if self.kind == "oidc" and "issuer" not in self.model_fields_set:
            raise ValueError("an OpenID provider has an issuer")
        if not is_safe(self.issuer):
            raise ValueError("an issuer begins with https://")
        return self

    @property
    def label(self) -> str:
        return self.title or self.name


def parse(providers: str) -> dict[str, Provider]:
    """From a JSON array; ValueError names no secret."""
    listed = TypeAdapter(list[Provider]).validate_json(providers)
    by_name = {provider.name: provider for provider in listed}
    if len(by_name) != len(listed):
        raise ValueError("two providers have one name")
    return by_name


def is_safe(url: object) -> bool:
    """May we send a request there? By TLS, or to this machine itself."""
    if not isinstance(url, str):
        return False
    parts = urlsplit(url)
    is_here = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or is_here)
