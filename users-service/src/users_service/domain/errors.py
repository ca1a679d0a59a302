"""The errors of the rules, by their public `code`.

They carry facts as fields, and `__str__` makes the sentence; none contains a password.
`http.problems` has the HTTP status of each.
"""

from dataclasses import dataclass
from typing import ClassVar


class UsersError(Exception):
    """The base of everything this service refuses; clients switch on its public `code`."""

    code: ClassVar[str]


@dataclass(eq=False)
class UsernameTaken(UsersError):
    """An account has this name, or one that looks the same, or had it within the last year."""

    code = "username_taken"
    username: str

    def __str__(self) -> str:
        return f"the username {self.username} is taken"


@dataclass(eq=False)
class OtherProvider(UsersError):
    """The name belongs to an account of another provider, which must never be signed in to."""

    code = "provider_mismatch"
    username: str

    def __str__(self) -> str:
        return f"the username {self.username} belongs to an account of another provider"


@dataclass(eq=False)
class AccountNotFound(UsersError):
    """No account has this id or username."""

    code = "account_not_found"
    username: str

    def __str__(self) -> str:
        return f"there is no account {self.username}"


@dataclass(eq=False)
class InvalidUsername(UsersError):
    """The username breaks the sign-up rules; `limit` is its greatest length."""

    code = "invalid_username"
    limit: int

    def __str__(self) -> str:
        return (
            f"a username has 1 to {self.limit} letters, digits and . _ - @ +, "
            "and begins with a letter or digit"
        )


@dataclass(eq=False)
class InvalidField(UsersError):
    """A field breaks a rule; `rule` finishes the sentence that begins with `field`."""

    code = "invalid_field"
    field: str
    rule: str

    def __str__(self) -> str:
        return f"{self.field} {self.rule}"


class SignUpClosed(UsersError):
    """Sign-up needs an invitation or is closed, and none was given."""

    code = "signup_closed"

    def __str__(self) -> str:
        return "sign-up is closed: ask an administrator for an account"


class InvalidInvite(UsersError):
    """The invitation code is unknown, used, revoked or expired: nobody learns which."""

    code = "invalid_invite"

    def __str__(self) -> str:
        return "this invitation is invalid, used or expired"


class InvalidSetupToken(UsersError):
    """The token is wrong, or the first administrator exists already."""

    code = "invalid_setup_token"

    def __str__(self) -> str:
        return "this setup token is wrong or has already been used"


class SessionNotFound(UsersError):
    """The account has no session of this id, whoever else may have one."""

    code = "session_not_found"

    def __str__(self) -> str:
        return "you have no such session"


class InvalidApiToken(UsersError):
    """The API token is unknown, revoked or expired, or its owner is disabled."""

    code = "invalid_api_token"

    def __str__(self) -> str:
        return "this API token is invalid, revoked or expired"


class ApiTokenNotFound(UsersError):
    """The account has no API token of this id, whoever else may have one."""

    code = "api_token_not_found"

    def __str__(self) -> str:
        return "you have no such API token"


@dataclass(eq=False)
class TooManyApiTokens(UsersError):
    """The account has `limit` API tokens, expired ones included."""

    code = "too_many_api_tokens"
    limit: int

    def __str__(self) -> str:
        return f"an account has at most {self.limit} API tokens: revoke one first"


@dataclass(eq=False)
class InsufficientScope(UsersError):
    """The API token lacks `scope`, which the audience asked for needs."""

    code = "insufficient_scope"
    scope: str

    def __str__(self) -> str:
        return f"this API token lacks the scope {self.scope}"


class InvitationNotFound(UsersError):
    """No invitation of this id is open: it was used, revoked or expired, or never existed."""

    code = "invitation_not_found"

    def __str__(self) -> str:
        return "there is no such open invitation"


class InvalidResetLink(UsersError):
    """The link is unknown, used or expired, or its account changed meanwhile or is disabled."""

    code = "invalid_reset_link"

    def __str__(self) -> str:
        return "this link is invalid, used or expired"


class InvalidEmailLink(UsersError):
    """The link is unknown, used or expired, or the account has another address now."""

    code = "invalid_email_link"

    def __str__(self) -> str:
        return "this link is invalid, used or expired, or the address has changed since"


class EmailAlreadyVerified(UsersError):
    """The account has no address, or has verified the one it has."""

    code = "email_already_verified"

    def __str__(self) -> str:
        return "there is no email address to verify"


class MailDisabled(UsersError):
    """No mail server is configured, so an e-mail that was asked for cannot be sent."""

    code = "mail_disabled"

    def __str__(self) -> str:
        return "this site does not send email: ask an administrator"


class LastAdministrator(UsersError):
    """The change would leave no administrator who can sign in."""

    code = "last_administrator"

    def __str__(self) -> str:
        return "this is the last administrator: make someone else an administrator first"


@dataclass(eq=False)
class TooManyAttempts(UsersError):
    """A rate limit is reached; `retry_after` is in whole seconds, at least one."""

    code = "too_many_attempts"
    retry_after: int

    def __str__(self) -> str:
        return f"too many attempts: wait {self.retry_after} s"


class TooManyEmails(TooManyAttempts):
    """The address has had its share of e-mails, whoever asked for them."""

    code = "too_many_emails"

    def __str__(self) -> str:
        return f"too many emails to this address: wait {self.retry_after} s"
