"""Accounts, usernames and roles: what they are, and which values are allowed.

Pure: no I/O, no clock, no framework. A value that is not allowed raises one of `errors`.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, TypedDict
from uuid import UUID

from service_data.visibility import shows_nothing

from users_service.domain.errors import InvalidField, InvalidUsername

LOCAL: Final = "local"
"""The provider of accounts that have a username and password here."""

READER: Final = "reader"
EDITOR: Final = "editor"
ADMIN: Final = "admin"

USERNAME_LIMIT: Final = 64
GIVEN_TEXT_LIMIT: Final = 255
INVITATION_LIFETIME: Final = timedelta(days=7)
RESET_LINK_LIFETIME: Final = timedelta(hours=24)
MAILED_LINK_LIFETIME: Final = timedelta(hours=1)
MAILED_LINK_PAUSE: Final = timedelta(minutes=15)
"""At most one reset e-mail in this time; the link that was sent stays valid."""
EMAIL_LINK_LIFETIME: Final = timedelta(hours=24)
USERNAME_RETIRED: Final = timedelta(days=365)
"""How long the name of a deleted account stays reserved: old notes still show it."""

ROLES: Final = {READER: (READER,), EDITOR: (EDITOR,), ADMIN: (EDITOR, ADMIN)}
"""What an administrator can choose, and the roles that other services get for it."""

_USERNAME = re.compile(r"[\w.@+-]+")
_LINE_ENDS = re.compile("[\u2028\u2029]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class SignUpMode(Enum):
    """Who may make an account for themselves."""

    OPEN = "open"
    INVITE = "invite"
    CLOSED = "closed"


class AccountFields(TypedDict, total=False):
    """The account fields of a request: an absent key changes nothing, None clears the field."""

    password: str | None
    name: str | None
    provider: str | None
    family_name: str | None
    given_name: str | None
    middle_name: str | None
    emails: list[Any] | None
    photos: list[Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account without its password hash, which never leaves the store with it.

    `provider` is the text that clients of the original interface gave; the identities that sign
    in are separate records.
    """

    id: UUID
    username: str
    name: str | None
    provider: str | None
    family_name: str | None
    given_name: str | None
    middle_name: str | None
    emails: list[Any] | None
    photos: list[Any] | None
    roles: tuple[str, ...]
    disabled_at: datetime | None
    verified_email: str | None = None
    """The address that was verified last."""
    generation: int = 0
    """Raised to revoke all access tokens: those of a lower one are refused."""

    @property
    def display_name(self) -> str:
        """`name`, else the parts of the name, else the username: never an invisible text."""
        parts = (self.given_name, self.middle_name, self.family_name)
        full = " ".join(part.strip() for part in parts if part and not shows_nothing(part))
        name = self.name if self.name and not shows_nothing(self.name) else ""
        return name or full or self.username

    @property
    def email(self) -> str | None:
        """The address that e-mails go to: the first that looks like one."""
        texts = (each for each in self.emails or () if isinstance(each, str))
        return next((each for each in texts if _EMAIL.fullmatch(each)), None)

    @property
    def email_is_verified(self) -> bool:
        """Whether the first usable address is the one its reader confirmed."""
        return self.email is not None and self.email == self.verified_email

    @property
    def may_sign_in(self) -> bool:
        """False once an administrator has disabled the account."""
        return self.disabled_at is None

    @property
    def is_admin(self) -> bool:
        """Whether the account has the role and may use it: not while it is disabled."""
        return ADMIN in self.roles and self.may_sign_in


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOverview:
    """An account as its person and administrators see it."""

    account: Account
    created_at: datetime
    has_password: bool
    sessions: int
    last_seen_at: datetime | None


def username_key(username: str) -> str:
    """Two names with one key look alike, so only one of them may exist."""
    folded = unicodedata.normalize("NFKC", username).casefold()
    return unicodedata.normalize("NFKC", folded)


def new_username(username: str) -> str:
    """Return the name as it is stored; raise InvalidUsername if it breaks the sign-up rules."""
    name = unicodedata.normalize("NFC", username.strip())
    fits = len(name) <= USERNAME_LIMIT and _USERNAME.fullmatch(name)
    # Some of the letters are drawn as nothing: two names that differ in them look alike.
    if not fits or not name[0].isalnum() or any(map(shows_nothing, name)):
        raise InvalidUsername(USERNAME_LIMIT)
    return name


def names_like(wanted: str | None, number: int) -> Iterator[str]:
    """Yield up to `number` usernames for an external identity, beginning with its own name."""
    text = unicodedata.normalize("NFC", wanted or "").split("@")[0]
    letters = (each for each in "".join(_USERNAME.findall(text)) if not shows_nothing(each))
    kept = "".join(letters).lstrip("._@+-")[: USERNAME_LIMIT - 4]
    base = kept if kept and kept[0].isalnum() else "person"
    yield base
    for suffix in range(2, number + 1):
        yield f"{base}-{suffix}"


def shown_name(name: str | None) -> str | None:
    """Return the name a provider gives a person, as far as it can be stored, or None."""
    kept = "".join(each for each in _LINE_ENDS.sub(" ", name or "") if _is_text(each))
    kept = kept.strip()[:GIVEN_TEXT_LIMIT]
    return None if shows_nothing(kept) else kept


def may_exist(username: str) -> bool:
    """Return whether an account of this name can exist, by the looser rule for API keys."""
    return bool(username.strip()) and len(username) <= GIVEN_TEXT_LIMIT and _is_text(username)


def given_text(field: str, text: str) -> str:
    """Return `text`; raise InvalidField if it is too long or has control characters."""
    if len(text) > GIVEN_TEXT_LIMIT:
        raise InvalidField(field, f"must have at most {GIVEN_TEXT_LIMIT} characters")
    if not _is_text(text):
        raise InvalidField(field, "must not contain control characters")
    return text


def new_name(name: str) -> str:
    """Return the trimmed name; raise InvalidField unless it is one line and visible."""
    name = given_text("name", name.strip())
    if _LINE_ENDS.search(name):
        raise InvalidField("name", "must be a single line")
    if shows_nothing(name):
        raise InvalidField("name", "must contain visible characters")
    return name


def new_email(email: str) -> str:
    """Return the trimmed address; raise InvalidField unless it looks like one.

    That it exists and is theirs is proven by a link alone.
    """
    email = given_text("email", email.strip())
    if not _EMAIL.fullmatch(email):
        raise InvalidField("email", "must look like name@example.org")
    return email


def first_roles(invited: Sequence[str] | None, *, is_first: bool) -> tuple[str, ...]:
    """Return a new account's roles: administrator if first, else as invited, else editor."""
    if is_first:
        return (EDITOR, ADMIN)
    return tuple(invited) if invited else (EDITOR,)


def identity_provider(fields: Mapping[str, Any]) -> str:
    """Return the account's provider: "local" where a client of the original gave none."""
    return fields.get("provider") or LOCAL


def _is_text(text: str) -> bool:
    return all(unicodedata.category(character) not in {"Cc", "Cs"} for character in text)
