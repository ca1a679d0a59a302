"""POST requests that may be repeated: the second one gets the first one's answer.

Promise: of any number of requests by one person with one Idempotency-Key and one content,
concurrent ones included, exactly one does the work, if it succeeds; the answer is remembered
for 24 hours. A refusal is not remembered, so a request may be repeated after it.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service import texts
from notes_service.domain import Person
from notes_service.errors import IdempotencyKeyReused, Unavailable
from notes_service.forms import Json
from notes_service.store import idempotency
from notes_service.store.database import Database

REMEMBERED_FOR: Final = timedelta(hours=24)

Work = Callable[[AsyncConnection], Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class Once:
    database: Database
    now: Callable[[], datetime]

    async def run(
        self, work: Work, *, key: str | None, by: Person, request: tuple[str | None, ...]
    ) -> tuple[Json, bool]:
        """The answer of `work`, done now or before; its changes are one transaction."""
        if key is None:
            async with self.database.transaction() as connection:
                return await work(connection), True
        use = idempotency.Use(
            by.id, texts.idempotency_key(key), _fingerprint(request), self.now()
        )
        async with self.database.transaction() as connection:
            forget_before = use.at - REMEMBERED_FOR
            if not await idempotency.claim(connection, use, forget_before=forget_before):
                return await _earlier(connection, use), False
            answer = await work(connection)
            await idempotency.remember(connection, use, json.dumps(answer))
            return answer, True


async def _earlier(connection: AsyncConnection, use: idempotency.Use) -> Json:
    found = await idempotency.remembered(connection, use)
    if found is None or found.answer is None:
        raise Unavailable  # forgotten between the two statements: the next try starts anew
    if found.fingerprint != use.fingerprint:
        raise IdempotencyKeyReused
    answer: Json = json.loads(found.answer)
    return answer


def _fingerprint(request: tuple[str | None, ...]) -> str:
    return hashlib.sha256(json.dumps(request).encode()).hexdigest()
