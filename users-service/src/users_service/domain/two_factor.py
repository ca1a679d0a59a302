"""Second factors and passkeys: codes of an app, recovery codes, and their errors.

Pure, except that it draws secrets at random. Source: RFC 6238 with its defaults (SHA-1, 30 s, 6
digits), the only ones that every app supports.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import pyotp

from users_service.domain.errors import UsersError

SECOND_STEP_LIFETIME: Final = timedelta(minutes=10)
RECOVERY_CODES: Final = 10
PASSKEY_LIMIT: Final = 20
"""Of one account."""

_STEP_SECONDS: Final = 30
_STEPS_AROUND: Final = (0, -1, 1)
"""A clock may be half a minute off."""
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without characters that are easily misread: i l o 0 1."""
_GROUPS: Final = 4
_GROUP: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Totp:
    """An authenticator app; `encrypted_secret` is bound to the account."""

    account_id: UUID
    encrypted_secret: bytes
    confirmed_at: datetime | None

    @property
    def is_on(self) -> bool:
        """Whether the app was confirmed by a code: only then is a second step asked for."""
        return self.confirmed_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A credential of WebAuthn Level 3; `public_key` is a COSE key, `transports` a hint."""

    id: UUID
    account_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    transports: tuple[str, ...]
    is_backed_up: bool
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpEnrolment:
    """The secret for an app, as text, URI and QR code: shown once, during setup."""

    secret: str
    uri: str
    qr_svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoFactorChallenge:
    """The second step that is still needed; `token` is shown here and never again."""

    token: str
    methods: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoFactorStatus:
    """Whether an app is set up, and how many recovery codes and passkeys are left."""

    totp: bool
    recovery_codes: int
    passkeys: int


class PasskeyRefused(UsersError):
    """The passkey or its answer was not accepted: nobody learns which check failed."""

    code = "passkey_refused"

    def __str__(self) -> str:
        return "this passkey was not accepted"


class PasskeyNotFound(UsersError):
    """The account has no passkey of this id, whoever else may have one."""

    code = "passkey_not_found"

    def __str__(self) -> str:
        return "you have no such passkey"


class PasskeysDisabled(UsersError):
    """USERS_PUBLIC_URL is not set, so there is no site to bind a passkey to."""

    code = "passkeys_disabled"

    def __str__(self) -> str:
        return "passkeys are not configured on this site"


@dataclass(eq=False)
class TooManyPasskeys(UsersError):
    """The account has `limit` passkeys."""

    code = "too_many_passkeys"
    limit: int

    def __str__(self) -> str:
        return f"an account has at most {self.limit} passkeys: remove one first"


class LastSignInMethod(UsersError):
    """The account would be left without any way to sign in that is enabled here."""

    code = "last_sign_in_method"

    def __str__(self) -> str:
        return "this is your last sign-in method: add another one first"


class WrongCode(UsersError):
    """The code is wrong, was used before, or is more than half a minute off."""

    code = "wrong_code"

    def __str__(self) -> str:
        return "this code is wrong, expired or already used"


class CodeRequired(UsersError):
    """The first factor was right, and the account has a second step."""

    code = "code_required"

    def __str__(self) -> str:
        return "this account uses two-step sign-in: send a code from the app or a recovery code"


class TwoFactorChallengeEnded(UsersError):
    """The challenge is unknown, used or older than 10 minutes, or its account changed."""

    code = "two_factor_challenge_ended"

    def __str__(self) -> str:
        return "this sign-in has expired: start again"


class TotpAlreadyEnabled(UsersError):
    """An app is confirmed; a new one needs its removal first."""

    code = "totp_already_enabled"

    def __str__(self) -> str:
        return "an authenticator app is already set up: remove it first"


class TotpNotEnabled(UsersError):
    """No app is set up, or none is confirmed where one must be."""

    code = "totp_not_enabled"

    def __str__(self) -> str:
        return "no authenticator app is set up"


def new_totp_secret() -> str:
    """Return 160 random bits in base32, as RFC 4226 section 4 recommends."""
    return pyotp.random_base32()


def totp_uri(secret: str, *, username: str, issuer: str) -> str:
    """Return the otpauth:// URI that an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def totp_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the half minute the code belongs to; None if to none of the three around `now`."""
    digits = "".join(code.split())
    current = int(now.timestamp()) // _STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (current + around for around in _STEPS_AROUND):
        expected = totp.generate_otp(step)
        if hmac.compare_digest(expected.encode(), digits.encode(errors="replace")):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Return ten codes of 16 characters, about 79 bits each, in groups of four."""
    return [
        "-".join(
            "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS)
        )
        for _ in range(RECOVERY_CODES)
    ]


def recovery_code_as_kept(code: str) -> str:
    """Return the code as it is hashed: without dashes, spaces and capitals."""
    return "".join(character for character in code.casefold() if character.isalnum())


def methods(totp: Totp | None, recovery_codes: int, passkeys: int) -> Sequence[str]:
    """Return how the second step can be done; empty if the account has none."""
    if totp is None or not totp.is_on:
        return ()
    ways = {"totp": 1, "recovery_code": recovery_codes, "passkey": passkeys}
    return tuple(way for way, number in ways.items() if number)
