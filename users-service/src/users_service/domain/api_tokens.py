"""What a personal API token may do: part of what its owner may, never more. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from users_service.domain.accounts import EDITOR, READER, Account
from users_service.domain.errors import InsufficientScope

READ: Final = "read"
WRITE: Final = "write"
REALTIME: Final = "realtime"
SCOPES: Final = (READ, WRITE, REALTIME)

API_TOKEN_LIMIT: Final = 50
"""Of one account."""
TOUCH: Final = timedelta(minutes=1)
"""`last_used_at` is written at most this often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """`prefix` is how its owner recognises it; the token itself is kept only as a hash."""

    id: UUID
    account_id: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str | None

    def is_alive(self, now: datetime) -> bool:
        """False from `expires_at` on; a token without an end lives until it is revoked."""
        return self.expires_at is None or now < self.expires_at

    def needs_touch(self, now: datetime) -> bool:
        """Whether `last_used_at` is missing or at least a minute old."""
        return self.last_used_at is None or now - self.last_used_at >= TOUCH


def ordered(scopes: Sequence[str]) -> tuple[str, ...]:
    """Return the known scopes, each once, in the order of SCOPES."""
    return tuple(scope for scope in SCOPES if scope in scopes)


def roles(account: Account, scopes: Sequence[str], audience: str) -> tuple[str, ...]:
    """Return the roles of an access token for `audience`; raise InsufficientScope.

    An API token is never an administrator, and writes only where both it and its owner may.
    """
    needed = (REALTIME,) if audience == REALTIME else (READ, WRITE)
    if not set(needed) & set(scopes):
        raise InsufficientScope(needed[0])
    if WRITE in scopes and EDITOR in account.roles:
        return (EDITOR,)
    return (READER,)
