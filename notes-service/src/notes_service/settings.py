"""What an operator may set, all of it. Read once, in `__main__`; passed from there."""

from typing import Annotated

from pydantic import Field, PositiveInt, SecretStr, UrlConstraints
from pydantic.networks import AnyUrl
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The settings, from `NOTES_<NAME>` or the file in `NOTES_<NAME>_FILE`."""

    model_config = SettingsConfigDict(env_prefix="NOTES_", frozen=True)

    # Secret: they hold passwords.
    database_url: SecretStr
    redis_url: SecretStr
    jwks_url: Annotated[AnyUrl, UrlConstraints(allowed_schemes=["http", "https"])]
    token_issuer: str = "notes-users"  # noqa: S105 - a name, not a secret

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8001
    public_read: bool = True
    """Whether notes and comments may be read without a token."""

    daily_mib: PositiveInt = 12
    """How much one person may write in a day: titles, texts and comments."""

    versions_keep_days: Annotated[int, Field(ge=0, le=36_500)] = 0
    """After how many days one version a note and day is enough; 0: all are kept for ever."""

    channel_prefix: str = "gateway"
    """Prefix of the Redis keys, the same as the gateway's."""
    history_size: PositiveInt = 300
    history_ttl_seconds: PositiveInt = 600
    database_pool_size: PositiveInt = 16
