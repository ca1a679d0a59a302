"""Sessions: how long one lives, and when it is fresh enough to change how one signs in.

Pure: no I/O, no clock, no framework.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

SESSION_IDLE: Final = timedelta(days=7)
SESSION_LIFETIME: Final = timedelta(days=30)
SESSION_TOUCH: Final = timedelta(minutes=1)
"""`last_seen_at` is written at most this often, so that reading costs no write."""
SESSION_FRESH: Final = timedelta(minutes=15)
"""For this long after authentication, a session may change how one signs in."""
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of authentication if a provider does not say: such a session is not fresh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Where a request comes from, as far as it can be believed; `device` is the user agent."""

    address: str | None
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in. `id` is public; its secret is kept only as a hash."""

    id: UUID
    account_id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    device: str
    address: str | None
    reauthenticated_at: datetime

    @property
    def idle_expires_at(self) -> datetime:
        """When the session ends unless it is used before: never later than `expires_at`."""
        return min(self.last_seen_at + SESSION_IDLE, self.expires_at)

    def is_alive(self, now: datetime) -> bool:
        """False after 7 days without use, or 30 days in all."""
        return now < self.idle_expires_at

    def is_fresh(self, now: datetime) -> bool:
        """Whether the last authentication is less than 15 minutes old."""
        return now - self.reauthenticated_at < SESSION_FRESH

    def needs_touch(self, now: datetime) -> bool:
        """Whether `last_seen_at` is at least a minute old."""
        return now - self.last_seen_at >= SESSION_TOUCH


def start_session(
    session_id: UUID,
    *,
    account_id: UUID,
    client: Client,
    now: datetime,
    authenticated_at: datetime,
) -> Session:
    """Return a session of 30 days; `authenticated_at` may be earlier, at a provider.

    The session is not stored yet, and has no secret of its own here.
    """
    return Session(
        id=session_id,
        account_id=account_id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + SESSION_LIFETIME,
        device=client.device,
        address=client.address,
        reauthenticated_at=authenticated_at,
    )
