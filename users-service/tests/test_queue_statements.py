"""A queue gives one row at a time, whatever PostgreSQL thinks of the table's size.

A sub-select with LIMIT is run once per row of a nested loop where the table is believed to be
tiny, as it is right after VACUUM: "the next one" then means several of them.
"""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from local_stack.postgres import Postgres
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from users_running import Service
from users_service import store
from users_service.domain.emails import EmailKind
from users_service.store.session_ends import Consumer

PLANS = {
    "as it comes": "",
    "nested loops": "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;"
    " SET LOCAL enable_hashagg = off; SET LOCAL enable_material = off",
}


def believed_tiny(postgres: Postgres, table: str) -> None:
    """Vacuumed with a page that holds nothing: PostgreSQL reckons with one row."""
    vacuum = f"VACUUM (TRUNCATE off, ANALYZE) {table}"
    postgres.execute(vacuum, database="users_tests")


async def ended_right_after_vacuum(
    service: Service, postgres: Postgres, count: int
) -> list[UUID]:
    """So many sessions whose ends wait in a queue that PostgreSQL believes tiny."""
    database, now = service.state["sessions"].database, service.clock()
    async with database.begin() as session:
        await store.session_ends.announce(session, uuid4(), uuid4(), now=now)
        await store.session_ends.take_all(session, Consumer.GATEWAY)
        await store.session_ends.take_all(session, Consumer.REDIS)
    believed_tiny(postgres, "session_ends")
    sessions = [uuid4() for _ in range(count)]
    async with database.begin() as session:
        for each in sessions:
            await store.session_ends.announce(session, uuid4(), each, now=now)
    return sessions


async def _plan(session: AsyncSession, settings: str) -> None:
    for each in filter(None, settings.split(";")):
        await session.execute(text(each))


@pytest.mark.parametrize("settings", PLANS.values(), ids=PLANS)
async def test_each_end_of_a_session_is_told_right_after_vacuum_too(
    service: Service, postgres: Postgres, settings: str
) -> None:
    database = service.state["sessions"].database
    sessions = await ended_right_after_vacuum(service, postgres, 5)
    told = []
    for _ in sessions:
        async with database.begin() as session:
            await _plan(session, settings)
            ended = await store.session_ends.take(session, Consumer.GATEWAY)
            told.append(ended and ended.session_id)
    assert told == sessions
    async with database.begin() as session:
        assert await store.session_ends.take(session, Consumer.GATEWAY) is None


async def test_replicas_that_look_at_once_tell_different_ends(
    service: Service, postgres: Postgres
) -> None:
    database = service.state["sessions"].database
    sessions = set(await ended_right_after_vacuum(service, postgres, 3))
    async with database.begin() as one, database.begin() as two, database.begin() as three:
        taken = [
            await store.session_ends.take(each, Consumer.GATEWAY) for each in (one, two, three)
        ]
    assert {each and each.session_id for each in taken} == sessions


@pytest.mark.parametrize("settings", PLANS.values(), ids=PLANS)
async def test_each_email_is_tried_once_right_after_vacuum_too(
    service: Service, postgres: Postgres, settings: str
) -> None:
    believed_tiny(postgres, "letters")
    database, now = service.state["sessions"].database, service.clock()
    async with database.begin() as session:
        for _ in range(4):
            await store.emails.add(
                session, (EmailKind.NOTICE, {}), now=now, expires_at=now + timedelta(1),
                account_id=None,
            )  # fmt: skip
    tried = []
    for _ in range(4):
        async with database.begin() as session:
            await _plan(session, settings)
            email = await store.emails.take(session, now=now)
            tried.append(email and email.tries)
    assert tried == [1, 1, 1, 1]
