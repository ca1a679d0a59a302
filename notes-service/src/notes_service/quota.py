"""How much one person may write in a day (UTC): titles, texts and comments, in bytes.

Counted here, in memory, before the work, so that a save costs no statement more and nobody gets
past the bound by doing much at once; told to the database every few seconds, which knows what
other processes counted. Work that is refused or repeated is given back.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from notes_service.errors import QuotaSpent
from notes_service.store import written
from notes_service.store.database import Database

_REMEMBERED: Final = 10_000
"""People at once; who is forgotten is read again."""


@dataclass(slots=True)
class _Account:
    day: date
    known: int
    """In the database, all processes'."""
    untold: int = 0


class Use:
    """One piece of work that may write `size` bytes."""

    def __init__(self, quota: "Quota", account: _Account, size: int) -> None:
        self._quota, self._account, self._size = quota, account, size
        self._is_taken = False

    def take(self) -> None:
        """Raises QuotaSpent. Any number of times: the work may begin anew."""
        if not self._is_taken:
            self._quota.must_hold(self._account, self._size)
            self._account.untold += self._size
            self._is_taken = True

    def give_back(self) -> None:
        if self._is_taken:
            self._account.untold -= self._size
            self._is_taken = False


@dataclass(slots=True)
class Quota:
    database: Database
    now: Callable[[], datetime]
    bytes_a_day: int
    _accounts: dict[str, _Account] = field(default_factory=dict)

    @asynccontextmanager
    async def use(self, person: str, *texts: str) -> AsyncIterator[Use]:
        size = sum(len(text.encode()) for text in texts)
        use = Use(self, await self._account(person), size)
        try:
            yield use
        except BaseException:
            use.give_back()
            raise

    def must_hold(self, account: _Account, size: int) -> None:
        if account.known + account.untold + size > self.bytes_a_day:
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

    async def tell(self) -> None:
        """Tell the database what was written here since the last time."""
        for person, account in list(self._accounts.items()):
            if told := account.untold:
                async with self.database.statements() as connection:
                    known = await written.add(connection, person, account.day, told)
                account.known = known
                account.untold -= told
            elif len(self._accounts) > _REMEMBERED:
                del self._accounts[person]

    async def _read(self, person: str, day: date) -> int:
        async with self.database.statements() as connection:
            return await written.read(connection, person, day)

    def _until_tomorrow(self) -> int:
        now = self.now().astimezone(UTC)
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        return int((midnight - now).total_seconds()) + 1
