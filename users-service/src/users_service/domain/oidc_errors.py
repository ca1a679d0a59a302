"""What is refused about signing in with a provider, by its public `code`."""

from dataclasses import dataclass

from users_service.domain.errors import UsersError


@dataclass(eq=False)
class SignInRefused(UsersError):
    """`check` is for the log: the browser is not told which of them failed."""

    code = "sign_in_refused"
    check: str

    def __str__(self) -> str:
        return "the sign-in with this provider was not accepted: begin again"


class ProviderAway(UsersError):
    code = "provider_away"

    def __str__(self) -> str:
        return "this provider does not answer right now: try again"


class ProviderNotFound(UsersError):
    code = "provider_not_found"

    def __str__(self) -> str:
        return "there is no such provider here"


class ProviderCannotProve(UsersError):
    """GitHub knows no way to ask a person again who they are."""

    code = "provider_cannot_prove"

    def __str__(self) -> str:
        return "this provider cannot be asked to prove who you are: sign in again instead"


class InvalidRedirect(UsersError):
    code = "invalid_redirect"

    def __str__(self) -> str:
        return "this is not an address of this site"


class IdentityTaken(UsersError):
    code = "identity_taken"

    def __str__(self) -> str:
        return "this identity is linked to an account already"


class IdentityNotFound(UsersError):
    code = "identity_not_found"

    def __str__(self) -> str:
        return "your account has no such identity"
