"""Errors of signing in with a provider, by their public `code`."""

from dataclasses import dataclass

from users_service.domain.errors import UsersError


@dataclass(eq=False)
class SignInRefused(UsersError):
    """A check of the answer failed: `check` names it for the log, never for the browser."""

    code = "sign_in_refused"
    check: str

    def __str__(self) -> str:
        return "the sign-in with this provider was rejected: start again"


class ProviderAway(UsersError):
    """The provider did not answer, or answered with a server error: try again later."""

    code = "provider_away"

    def __str__(self) -> str:
        return "this provider is unavailable: try again later"


class ProviderNotFound(UsersError):
    """USERS_PROVIDERS has no provider of this name."""

    code = "provider_not_found"

    def __str__(self) -> str:
        return "there is no such provider"


class ProviderCannotReauthenticate(UsersError):
    """The provider cannot be asked to authenticate a person again, as GitHub cannot."""

    code = "provider_cannot_reauthenticate"

    def __str__(self) -> str:
        return "this provider does not support re-authentication: sign in again instead"


class InvalidRedirect(UsersError):
    """The redirect URI is not below USERS_PUBLIC_URL, or that is not set."""

    code = "invalid_redirect"

    def __str__(self) -> str:
        return "the redirect URI is not an address of this site"


class IdentityTaken(UsersError):
    """The identity is linked already, to this account or to another."""

    code = "identity_taken"

    def __str__(self) -> str:
        return "this identity is already linked to an account"


class IdentityNotFound(UsersError):
    """The account has no identity with this provider."""

    code = "identity_not_found"

    def __str__(self) -> str:
        return "no such identity is linked to your account"
