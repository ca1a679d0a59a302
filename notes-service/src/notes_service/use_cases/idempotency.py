"""Requests that may be repeated: the second one gets the first one's answer.

Promise: of any number of requests by one person with one Idempotency-Key and one content,
concurrent ones included, exactly one does the work, if it succeeds; the answer is remembered
for 24 hours. A refusal is not remembered, so a request may be repeated after it.

`run` takes the key first and then works, in one transaction. `run_statement` is for a change
that is one statement, which remembers its own answer: the key costs it no round trip more.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.domain import limits
from notes_service.domain.errors import (
    IdempotencyKeyReused,
    NoteGone,
    NoteNotFound,
    QuotaSpent,
    Unavailable,
    VersionConflict,
)
from notes_service.domain.notes import Person
from notes_service.representations import Json
from notes_service.store import idempotency
from notes_service.store.database import Database
from notes_service.store.idempotency import KeyTaken, KeyUse

REMEMBERED_FOR: Final = timedelta(hours=24)

Work = Callable[[AsyncConnection], Awaitable[Json]]
Change = Callable[[], Awaitable[Json]]

# How a change meets its own earlier try: the note has moved on, or has gone since, or the day's
# bytes are spent by it, or the key is there.
_PERHAPS_REPEATED: Final = (VersionConflict, NoteGone, NoteNotFound, QuotaSpent, KeyTaken)


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Does the work of a request, or returns what an earlier try of it was answered."""

    database: Database
    now: Callable[[], datetime]

    async def run(
        self, work: Work, *, key: str | None, by: Person, request: tuple[str | None, ...]
    ) -> tuple[Json, bool]:
        """Return the answer of `work`, and whether it was done now and not before.

        Its changes are one transaction. Raises IdempotencyKeyReused if the key was used for
        another request.
        """
        if key is None:
            async with self.database.transaction() as connection:
                return await work(connection), True
        use = self._use(key, by, request)
        async with self.database.transaction() as connection:
            forget_before = use.at - REMEMBERED_FOR
            if not await idempotency.claim(connection, use, forget_before=forget_before):
                return await _earlier(connection, use), False
            answer = await work(connection)
            await idempotency.remember(connection, use, json.dumps(answer))
            return answer, True

    def key_use(
        self, key: str | None, *, by: Person, request: tuple[str | None, ...]
    ) -> KeyUse | None:
        """Return this use of the key, for `run_statement` and for its statement."""
        return None if key is None else self._use(key, by, request)

    async def run_statement(self, change: Change, use: KeyUse | None) -> tuple[Json, bool]:
        """Return what `change` answers now, or answered before, and whether it was now.

        `change` raises KeyTaken if it finds that the key was used, and leaves nothing behind.
        """
        if use is None:
            return await change(), True
        try:
            return await change(), True
        except _PERHAPS_REPEATED as refusal:
            earlier = await self._looked_up(use)
            if earlier is not None:
                return earlier, False
            if not isinstance(refusal, KeyTaken):
                raise
        # The key was too old, and is free now.
        return await change(), True

    def _use(self, key: str, by: Person, request: tuple[str | None, ...]) -> KeyUse:
        return KeyUse(by.id, limits.idempotency_key(key), _fingerprint(request), self.now())

    async def _looked_up(self, use: KeyUse) -> Json | None:
        async with self.database.transaction() as connection:
            await idempotency.forget(connection, use, before=use.at - REMEMBERED_FOR)
            found = await idempotency.remembered(connection, use)
            return None if found is None else _answer(found, use)


async def _earlier(connection: AsyncConnection, use: KeyUse) -> Json:
    found = await idempotency.remembered(connection, use)
    if found is None:
        raise Unavailable  # forgotten between the two statements: the next try starts anew
    return _answer(found, use)


def _answer(found: idempotency.Remembered, use: KeyUse) -> Json:
    if found.answer is None:
        raise Unavailable
    if found.fingerprint != use.fingerprint:
        raise IdempotencyKeyReused
    answer: Json = json.loads(found.answer)
    return answer


def _fingerprint(request: tuple[str | None, ...]) -> str:
    return hashlib.sha256(json.dumps(request).encode()).hexdigest()
