"""Errors of signing in and of passwords, by their public `code`."""

from dataclasses import dataclass

from users_service.domain.errors import UsersError


class WrongCredentials(UsersError):
    """Unknown account, disabled account or wrong password: nobody outside learns which."""

    code = "wrong_credentials"

    def __str__(self) -> str:
        return "incorrect username or password"


class SessionEnded(UsersError):
    """The session was ended, ran out, never existed, or its account is disabled."""

    code = "session_ended"

    def __str__(self) -> str:
        return "the session has ended: sign in again"


class Unauthenticated(UsersError):
    """The request shows neither a session nor an API key, or a wrong key."""

    code = "unauthenticated"

    def __str__(self) -> str:
        return "sign in or send an API key"


class NotAllowed(UsersError):
    """The person is signed in and is no administrator."""

    code = "not_allowed"

    def __str__(self) -> str:
        return "only an administrator may do this"


class ReauthenticationRequired(UsersError):
    """The session was authenticated too long ago for this act."""

    code = "reauthentication_required"

    def __str__(self) -> str:
        return "this needs authentication in the last 15 minutes: authenticate again"


class Busy(UsersError):
    """More passwords wait to be hashed than memory and patience allow."""

    code = "busy"

    def __str__(self) -> str:
        return "too many sign-ins right now: try again in a moment"


@dataclass(eq=False)
class PasswordTooShort(UsersError):
    """The password has fewer than `minimum` characters (ASVS 5.0, 6.2.1)."""

    code = "password_too_short"
    minimum: int

    def __str__(self) -> str:
        return f"a password must have at least {self.minimum} characters"


@dataclass(eq=False)
class PasswordTooLong(UsersError):
    """The password has more than `maximum` characters."""

    code = "password_too_long"
    maximum: int

    def __str__(self) -> str:
        return f"a password must have at most {self.maximum} characters"


class PasswordCommon(UsersError):
    """The password is on the list of the most used ones (ASVS 5.0, 6.2.4)."""

    code = "password_common"

    def __str__(self) -> str:
        return "this password is too common"


class PasswordContainsName(UsersError):
    """Too little is left of the password without the username and the word "notes"."""

    code = "password_contains_name"

    def __str__(self) -> str:
        return "this password is too easy to guess from your username or this site's name"


class PasswordSignInDisabled(UsersError):
    """The operator has disabled password sign-in: USERS_PASSWORD_LOGIN=off."""

    code = "password_sign_in_disabled"

    def __str__(self) -> str:
        return "password sign-in is disabled: use another sign-in method"


class InvalidSignInLink(UsersError):
    """The link is unknown, used or expired, or its account is disabled."""

    code = "invalid_sign_in_link"

    def __str__(self) -> str:
        return "this link is invalid, used or expired"
