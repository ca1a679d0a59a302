"""What an operator may set, all of it. Read once, in `__main__`; passed from there."""

from typing import Literal

from pydantic import Field, PositiveInt, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from users_service import providers
from users_service.callers import ApiKeys


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="USERS_", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(5858, ge=0, le=65535)
    database_url: SecretStr
    redis_url: SecretStr
    api_keys: SecretStr
    """HTTP Basic: name:secret, several separated by commas."""
    signup: Literal["open", "invite", "closed"] = "closed"
    setup_token: SecretStr | None = None
    """Makes the first administrator, once."""
    token_issuer: str = "notes-users"  # noqa: S105 - a public name
    wrong_passwords_per_address: PositiveInt = 100
    """In 15 minutes, over all accounts."""
    signups_per_hour: PositiveInt = 60
    """From one address."""
    audit_days: PositiveInt = 365
    """How long lines of the audit log are kept."""
    public_url: str | None = None
    """Where people's browsers find Notes: passkeys are bound to it."""
    providers: SecretStr | None = None
    """OpenID providers and GitHub, as a JSON array: see README.md."""
    gateway_url: str | None = None
    """The realtime gateway's server API, to close the sockets of ended sessions."""
    gateway_api_key: SecretStr | None = None

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("it begins with postgresql://")
        return url

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("it begins with redis://")
        return url

    @field_validator("api_keys")
    @classmethod
    def _are_keys(cls, pairs: SecretStr) -> SecretStr:
        ApiKeys.parse(pairs.get_secret_value())
        return pairs

    @field_validator("gateway_url", "public_url")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("it begins with http:// or https://")
        return url or None

    @field_validator("providers")
    @classmethod
    def _are_providers(cls, listed: SecretStr | None) -> SecretStr | None:
        if listed is None or not listed.get_secret_value().strip():
            return None
        try:
            providers.parse(listed.get_secret_value())
        except ValidationError as error:
            # Without the values: one of them is a secret.
            found = error.errors(include_input=False, include_context=False, include_url=False)
            where = ".".join(str(part) for part in found[0]["loc"])
            raise ValueError(f"{where}: {found[0]['msg']}") from None
        return listed

    @field_validator("setup_token", "gateway_api_key")
    @classmethod
    def _is_said(cls, token: SecretStr | None) -> SecretStr | None:
        # An empty variable is how compose says "none".
        return token if token is not None and token.get_secret_value().strip() else None
