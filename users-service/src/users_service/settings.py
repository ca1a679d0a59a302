"""All settings of the service: read once, in `__main__`, and passed on from there."""

import ssl
from collections.abc import Callable
from typing import Literal

from pydantic import (
    Field,
    PositiveInt,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from users_service.crypto.encryption import Encryptor
from users_service.http.authentication import ApiKeys
from users_service.mail.smtp import PORTS, Security, Smtp, is_sender
from users_service.oidc import providers
from users_service.oidc.providers import Provider


class Settings(BaseSettings):
    """The settings of users-service; README.md lists them with their units."""

    model_config = SettingsConfigDict(env_prefix="USERS_", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(5858, ge=0, le=65535)
    database_url: SecretStr
    redis_url: SecretStr
    api_keys: SecretStr
    """HTTP Basic: name:secret, several separated by commas. They may do what operators may."""
    forwarding_keys: SecretStr | None = None
    """The same form, for web: such a key is believed about browsers' addresses alone."""
    encryption_key: SecretStr
    """Encrypts secrets in the database: 32 bytes, base64. The first of several encrypts."""
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
    provider_secrets: SecretStr | None = Field(None, validate_default=True)
    """Their client secrets, as a JSON object by name."""
    password_login: Literal["on", "off"] = "on"  # noqa: S105 - a switch
    """Off: people sign in with a provider or a passkey only."""
    gateway_url: str | None = None
    """The realtime gateway's server API, to close the sockets of ended sessions."""
    gateway_api_key: SecretStr | None = None
    mail_from: str | None = None
    """The sender: "Notes <notes@example.org>"."""
    smtp_security: Security = "starttls"
    smtp_port: int | None = Field(None, ge=1, le=65535)
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_ca: str | None = None
    """Certificate authorities to trust beside the well-known ones, in PEM."""
    smtp_host: str | None = Field(None, validate_default=True)
    """The mail server. Without one no e-mails are sent: administrators pass links on."""

    def keys(self) -> ApiKeys:
        """Return the API keys, of which only digests stay in memory."""
        forwarding = self.forwarding_keys.get_secret_value() if self.forwarding_keys else None
        return ApiKeys.parse(self.api_keys.get_secret_value(), forwarding)

    def smtp(self) -> Smtp | None:
        """Return the mail server, or None if none is configured."""
        if self.smtp_host is None or self.mail_from is None:
            return None
        trusted = ssl.create_default_context()
        if self.smtp_ca:
            trusted.load_verify_locations(cadata=self.smtp_ca)
        return Smtp(
            host=self.smtp_host,
            port=self.smtp_port or PORTS[self.smtp_security],
            security=self.smtp_security,
            sender=self.mail_from,
            user=self.smtp_user,
            password=self.smtp_password,
            trusted=trusted,
        )

    def encryptor(self) -> Encryptor:
        """Return what encrypts secrets in the database."""
        return Encryptor.parse(self.encryption_key.get_secret_value())

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

    @field_validator("api_keys", "forwarding_keys")
    @classmethod
    def _are_keys(cls, pairs: SecretStr | None) -> SecretStr | None:
        if pairs is not None:
            ApiKeys.parse(pairs.get_secret_value())
        return pairs

    @field_validator("encryption_key")
    @classmethod
    def _is_an_encryption_key(cls, keys: SecretStr) -> SecretStr:
        Encryptor.parse(keys.get_secret_value())
        return keys

    @field_validator("gateway_url", "public_url")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("it begins with http:// or https://")
        return url or None

    @field_validator("providers")
    @classmethod
    def _are_providers(cls, listed: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if listed is None or not listed.get_secret_value().strip():
            return None
        _parsed_without_quoting(providers.parse, listed.get_secret_value())
        if not info.data.get("public_url"):
            raise ValueError("it needs USERS_PUBLIC_URL, where providers send people back to")
        return listed

    @field_validator("provider_secrets")
    @classmethod
    def _are_whole(cls, secrets: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        listed: SecretStr | None = info.data.get("providers")
        if listed is not None:
            known = providers.parse(listed.get_secret_value())
            said = secrets.get_secret_value() if secrets else ""
            _parsed_without_quoting(lambda text: providers.with_secrets(known, text), said)
        return secrets

    @field_validator("password_login")
    @classmethod
    def _leaves_a_sign_in_method(cls, switch: str, info: ValidationInfo) -> str:
        if switch == "off" and info.data.get("providers") is None:
            raise ValueError("off needs USERS_PROVIDERS: nobody could sign in")
        return switch

    def all_providers(self) -> dict[str, Provider]:
        """Return the providers by name, each with its client secret."""
        if self.providers is None:
            return {}
        listed = providers.parse(self.providers.get_secret_value())
        secrets = self.provider_secrets.get_secret_value() if self.provider_secrets else ""
        return providers.with_secrets(listed, secrets)

    @field_validator("smtp_port", mode="before")
    @classmethod
    def _is_a_port(cls, port: object) -> object:
        return None if port == "" else port

    @field_validator("smtp_password")
    @classmethod
    def _is_a_password(cls, password: SecretStr | None) -> SecretStr | None:
        # What ./notes secrets writes for who needs none.
        return (
            None if password and password.get_secret_value().strip() == "(none)" else password
        )

    @field_validator("mail_from", "smtp_user", "smtp_ca")
    @classmethod
    def _is_written(cls, text: str | None) -> str | None:
        return text.strip() or None if text else None

    @field_validator("mail_from")
    @classmethod
    def _is_an_address(cls, sender: str | None) -> str | None:
        if sender and not is_sender(sender):
            raise ValueError('it looks like "Notes <notes@example.org>"')
        return sender

    @field_validator("smtp_host")
    @classmethod
    def _is_a_whole_mail_server(cls, host: str | None, info: ValidationInfo) -> str | None:
        said = info.data
        if not host or not host.strip():
            return None
        if not said.get("mail_from") or not said.get("public_url"):
            raise ValueError("it needs USERS_MAIL_FROM, and USERS_PUBLIC_URL for links")
        if bool(said.get("smtp_user")) != bool(said.get("smtp_password")):
            raise ValueError("USERS_SMTP_USER and USERS_SMTP_PASSWORD go together")
        if said.get("smtp_user") and said.get("smtp_security") == "none":
            raise ValueError("a password is not sent in clear: USERS_SMTP_SECURITY=starttls")
        return host.strip()

    @field_validator("setup_token", "gateway_api_key", "smtp_password")
    @classmethod
    def _is_said(cls, token: SecretStr | None) -> SecretStr | None:
        # An empty variable is how compose says "none".
        return token if token is not None and token.get_secret_value().strip() else None


def _parsed_without_quoting(parse: Callable[[str], object], text: str) -> None:
    """Raise ValueError without the text itself, for parts of it are secret."""
    try:
        parse(text)
    except ValidationError as error:
        found = error.errors(include_input=False, include_context=False, include_url=False)
        where = ".".join(str(part) for part in found[0]["loc"])
        raise ValueError(f"{where}: {found[0]['msg']}") from None
