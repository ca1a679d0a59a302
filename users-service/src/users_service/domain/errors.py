"""Everything that a rule here refuses, by its public `code`.

Facts are fields and sentences are made in `__str__`; what a person typed as a password is in
none of them. Which HTTP status each gets stands in one table, in `http.problems`.
"""

from dataclasses import dataclass
from typing import ClassVar


class UsersError(Exception):
    """A rule said no. `code` is public API: clients switch on it."""

    code: ClassVar[str]


@dataclass(eq=False)
class UsernameTaken(UsersError):
    code = "username_taken"
    username: str

    def __str__(self) -> str:
        return f"the name {self.username} is taken"


@dataclass(eq=False)
class OtherProvider(UsersError):
    """Somebody of another provider has this name: never log in as them."""

    code = "provider_mismatch"
    username: str

    def __str__(self) -> str:
        return f"the name {self.username} is another account's"


@dataclass(eq=False)
class AccountNotFound(UsersError):
    code = "account_not_found"
    username: str

    def __str__(self) -> str:
        return f"there is no account {self.username}"


@dataclass(eq=False)
class InvalidUsername(UsersError):
    code = "invalid_username"
    limit: int

    def __str__(self) -> str:
        return (
            f"a username has 1 to {self.limit} letters, digits and . _ - @ +, "
            "and begins with a letter or digit"
        )


@dataclass(eq=False)
class InvalidField(UsersError):
    code = "invalid_field"
    field: str
    rule: str

    def __str__(self) -> str:
        return f"{self.field} {self.rule}"


class SignUpClosed(UsersError):
    code = "signup_closed"

    def __str__(self) -> str:
        return "accounts are made by an administrator here"


class InvalidInvite(UsersError):
    code = "invalid_invite"

    def __str__(self) -> str:
        return "this invitation is unknown, used or expired"


class InvalidSetupToken(UsersError):
    code = "invalid_setup_token"

    def __str__(self) -> str:
        return "this setup token is wrong or was used already"


class SessionNotFound(UsersError):
    code = "session_not_found"

    def __str__(self) -> str:
        return "you have no such session"


class InvalidApiToken(UsersError):
    code = "invalid_api_token"

    def __str__(self) -> str:
        return "this API token is unknown, revoked or expired"


class ApiTokenNotFound(UsersError):
    code = "api_token_not_found"

    def __str__(self) -> str:
        return "you have no such API token"


@dataclass(eq=False)
class TooManyApiTokens(UsersError):
    code = "too_many_api_tokens"
    limit: int

    def __str__(self) -> str:
        return f"an account has at most {self.limit} API tokens: revoke one first"


@dataclass(eq=False)
class InsufficientScope(UsersError):
    code = "insufficient_scope"
    scope: str

    def __str__(self) -> str:
        return f"this API token lacks the scope {self.scope}"


class InvitationNotFound(UsersError):
    code = "invitation_not_found"

    def __str__(self) -> str:
        return "there is no such open invitation"


class InvalidResetLink(UsersError):
    code = "invalid_reset_link"

    def __str__(self) -> str:
        return "this link is unknown, used or expired"


class InvalidEmailLink(UsersError):
    code = "invalid_email_link"

    def __str__(self) -> str:
        return "this link is unknown, used, expired or of an address that was changed again"


class EmailAlreadyVerified(UsersError):
    code = "email_is_proven"

    def __str__(self) -> str:
        return "there is no address to confirm"


class MailOff(UsersError):
    code = "mail_off"

    def __str__(self) -> str:
        return "no letters are sent here: ask an administrator"


class LastAdministrator(UsersError):
    code = "last_administrator"

    def __str__(self) -> str:
        return "this is the last administrator: make somebody else one first"


@dataclass(eq=False)
class TooManyAttempts(UsersError):
    code = "too_many_attempts"
    retry_after: int

    def __str__(self) -> str:
        return f"too many attempts: wait {self.retry_after} s"


class TooManyEmails(TooManyAttempts):
    """To one address, whoever had them written."""

    code = "too_many_letters"

    def __str__(self) -> str:
        return f"this address got as many letters as it can: wait {self.retry_after} s"
