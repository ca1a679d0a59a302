"""What an operator may set, all of it. Read once, in `__main__`; passed from there."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from notes_web.origins import origin_of

# The checkout's web/ folder; an image that installs the wheel sets WEB_FILES_DIR.
_BESIDE = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """The settings, from WEB_* variables."""

    model_config = SettingsConfigDict(env_prefix="WEB_", frozen=True)

    public_url: str
    """Where browsers find us, and nowhere else: a scheme, a host and perhaps a port. https
    turns on Secure, __Host- cookies and HSTS.
    """

    notes_url: str
    users_url: str
    users_api_key: SecretStr
    """"name:secret", one of its USERS_FORWARDING_KEYS: it believes the address we forward."""

    gateway_url: str
    gateway_api_key: SecretStr
    secret: Annotated[SecretStr, Field(min_length=16)]
    """Signs form tokens and messages between pages."""

    host: str = "127.0.0.1"
    port: int = 8002
    trusted_proxies: str = "127.0.0.1"
    """Comma separated; only these may say X-Forwarded-For and X-Forwarded-Proto."""

    patience_seconds: Annotated[float, Field(ge=0, le=10)] = 10
    """How long one request waits for a service that is coming back."""

    line_breaks: bool = True
    """Whether a line of a note ends where its writer ended it, or is joined with the next."""

    files_dir: Path = _BESIDE
    """The folder that holds templates/, assets/ and the built dist/."""

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, given: str) -> str:
        if origin_of(given) is None:
            raise ValueError("is http(s)://host or http(s)://host:port")
        return given

    @property
    def https(self) -> bool:
        """Whether browsers come by https."""
        return self.public_url.startswith("https://")
