"""How much one person may write in a day (UTC): titles, texts and comments, in bytes.

Counted here, in memory, before the work, so that a save costs no statement more and nobody gets
past the bound by doing much at once. A save is a row of its own, too, so none counts for less
than SMALLEST. Every few seconds the counts are added to the database's,
which knows those of other processes. Work that is refused or repeated is refunded.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from notes_service.domain.errors import QuotaSpent
from notes_service.store import written
from notes_service.store.database import Database

SMALLEST: Final = 512
"""What one save counts at least, in bytes."""

_REMEMBERED: Final = 10_000
"""People at once; those who are forgotten are read again."""


@dataclass(slots=True)
class _Account:
    day: date
    known: int
    """In the database, all processes'."""
    unsaved: int = 0


class Reservation:
    """A piece of work that may write `size` bytes."""

    def __init__(self, quota: "Quota", account: _Account, size: int) -> None:
        self._quota, self._account, self._size = quota, account, size
        self._is_taken = False

    def take(self, *found: str) -> None:
        """Count the bytes, once for all calls; raise QuotaSpent if there is no room.

        `found` are the texts where the work itself finds them.
        """
        if not self._is_taken:
            if found:
                self._size = _size(*found)
            self._quota.must_hold(self._account, self._size)
            self._account.unsaved += self._size
            self._is_taken = True

    def refund(self) -> None:
        """Give back what was taken; nothing if nothing was."""
        if self._is_taken:
            self._account.unsaved -= self._size
            self._is_taken = False


@dataclass(slots=True)
class Quota:
    """Counts what each person writes in a day, up to `bytes_a_day`."""

    database: Database
    now: Callable[[], datetime]
    bytes_a_day: int
    _accounts: dict[str, _Account] = field(default_factory=dict)

    @asynccontextmanager
    async def reserve(self, person: str, *texts: str) -> AsyncIterator[Reservation]:
        """Reserve room for these texts; what was taken is refunded if the block fails."""
        reservation = Reservation(self, await self._account(person), _size(*texts))
        try:
            yield reservation
        except BaseException:
            reservation.refund()
            raise

    def must_hold(self, account: _Account, size: int) -> None:
        """Raise QuotaSpent if `size` bytes more are too many."""
        if account.known + account.unsaved + size > self.bytes_a_day:
            raise QuotaSpent(self.bytes_a_day, retry_after=self._until_tomorrow())

    async def _account(self, person: str) -> _Account:
        today = self.now().astimezone(UTC).date()
        account = self._accounts.get(person)
        if account is None or account.day != today:
            known = await self._read(person, today)
            account = self._accounts.get(person)  # somebody else may have read it meanwhile
            if account is None or account.day != today:
                account = self._accounts[person] = _Account(today, known)
        return account

    async def save(self) -> None:
        """Add to the database what was written here since the last time."""
        for person, account in list(self._accounts.items()):
            if unsaved := account.unsaved:
                async with self.database.statements() as connection:
                    known = await written.add(connection, person, account.day, unsaved)
                account.known = known
                account.unsaved -= unsaved
            elif len(self._accounts) > _REMEMBERED:
                del self._accounts[person]

    async def _read(self, person: str, day: date) -> int:
        async with self.database.statements() as connection:
            return await written.read(connection, person, day)

    def _until_tomorrow(self) -> int:
        now = self.now().astimezone(UTC)
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        return int((midnight - now).total_seconds()) + 1


def _size(*texts: str) -> int:
    return max(SMALLEST, sum(len(text.encode()) for text in texts))
