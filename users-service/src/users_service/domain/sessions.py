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
"""When somebody authenticated, where nobody says: never fresh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Where a request comes from (address, user agent), as far as we may believe it."""

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
        return min(self.last_seen_at + SESSION_IDLE, self.expires_at)

    def is_alive(self, now: datetime) -> bool:
        return now < self.idle_expires_at

    def is_fresh(self, now: datetime) -> bool:
        return now - self.reauthenticated_at < SESSION_FRESH

    def needs_touch(self, now: datetime) -> bool:
        return now - self.last_seen_at >= SESSION_TOUCH


def start_session(
    session_id: UUID,
    *,
    account_id: UUID,
    client: Client,
    now: datetime,
    authenticated_at: datetime,
) -> Session:
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
