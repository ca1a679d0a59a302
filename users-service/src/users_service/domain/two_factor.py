"""What there is beside passwords: codes of an app, recovery codes for its loss, passkeys.

Pure, but for the recovery codes that it draws. Source: RFC 6238 with its defaults (SHA-1, 30 s,
6 digits), the only ones that every app knows.
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
"""Without what is misread: i l o 0 1."""
_GROUPS: Final = 4
_GROUP: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Totp:
    account_id: UUID
    encrypted_secret: bytes
    confirmed_at: datetime | None

    @property
    def is_on(self) -> bool:
        return self.confirmed_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
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
    """Shown while the app is set up, and never again."""

    secret: str
    uri: str
    qr_svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoFactorChallenge:
    """The first step was right, and is not enough. `token` is told here and never again."""

    token: str
    methods: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoFactorStatus:
    totp: bool
    recovery_codes: int
    passkeys: int


class PasskeyRefused(UsersError):
    """Unknown, not for this site, another challenge, a bad signature: nobody learns which."""

    code = "passkey_refused"

    def __str__(self) -> str:
        return "this passkey was not accepted"


class PasskeyNotFound(UsersError):
    code = "passkey_not_found"

    def __str__(self) -> str:
        return "you have no such passkey"


class PasskeysOff(UsersError):
    code = "passkeys_off"

    def __str__(self) -> str:
        return "passkeys are not set up here"


@dataclass(eq=False)
class TooManyPasskeys(UsersError):
    code = "too_many_passkeys"
    limit: int

    def __str__(self) -> str:
        return f"an account has at most {self.limit} passkeys: remove one first"


class LastSignInMethod(UsersError):
    code = "last_way_in"

    def __str__(self) -> str:
        return "this is your last way in: set a password first"


class WrongCode(UsersError):
    code = "wrong_code"

    def __str__(self) -> str:
        return "this code is wrong, used or too old"


class CodeRequired(UsersError):
    """The first factor was right, and is not enough."""

    code = "code_required"

    def __str__(self) -> str:
        return "this account has a second step: send a code of its app or a recovery code too"


class TwoFactorChallengeEnded(UsersError):
    code = "second_step_ended"

    def __str__(self) -> str:
        return "this sign-in took too long: begin again"


class TotpAlreadyEnabled(UsersError):
    code = "totp_is_on"

    def __str__(self) -> str:
        return "an authenticator app is set up already: remove it first"


class TotpNotEnabled(UsersError):
    code = "totp_is_off"

    def __str__(self) -> str:
        return "no authenticator app is set up"


def new_totp_secret() -> str:
    return pyotp.random_base32()


def totp_uri(secret: str, *, username: str, issuer: str) -> str:
    """What an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def totp_step(secret: str, code: str, now: datetime) -> int | None:
    """The half minute that the code belongs to; None if to none around now."""
    digits = "".join(code.split())
    current = int(now.timestamp()) // _STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (current + around for around in _STEPS_AROUND):
        expected = totp.generate_otp(step)
        if hmac.compare_digest(expected.encode(), digits.encode(errors="replace")):
            return step
    return None


def new_recovery_codes() -> list[str]:
    return [
        "-".join(
            "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS)
        )
        for _ in range(RECOVERY_CODES)
    ]


def recovery_code_as_kept(code: str) -> str:
    """As one types it: with or without dashes and capitals."""
    return "".join(character for character in code.casefold() if character.isalnum())


def methods(totp: Totp | None, recovery_codes: int, passkeys: int) -> Sequence[str]:
    """How the second step can be done; empty: there is none."""
    if totp is None or not totp.is_on:
        return ()
    ways = {"totp": 1, "recovery_code": recovery_codes, "passkey": passkeys}
    return tuple(way for way, number in ways.items() if number)
