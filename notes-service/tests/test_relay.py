"""The relay's promises, on a real PostgreSQL and a real Valkey."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from local_stack.valkey import Valkey
from note_builders import MENU, NOON, RENDERED, an_editor, use_cases
from notes_service import messages
from notes_service.domain import rules
from notes_service.domain.errors import NoteExists
from notes_service.domain.limits import Draft
from notes_service.domain.notes import Person
from notes_service.jobs.relay import Publisher as Port
from notes_service.jobs.relay import Relay
from notes_service.metrics import Metrics
from notes_service.store import notes as statements
from notes_service.store import outbox
from notes_service.store.database import Database
from notes_service.use_cases.notes import Notes
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from relay_probe import EVERYTHING, KilledError, Publisher, heard, without_repeats
from service_kit.channel_log import ChannelLog
from service_kit.tasks import background
from sqlalchemy import text

pytestmark = pytest.mark.slow

ANA = an_editor(Person("a", "Ana"))


def a_relay(url: str, publisher: Port) -> Relay:
    return Relay(url, publisher, history=EVERYTHING, metrics=Metrics(CollectorRegistry()))


async def created(notes: Notes, key: str) -> None:
    await notes.create(caller=ANA, key=key, draft=Draft("1", ""), idempotency_key=None)


async def edited(notes: Notes, key: str, *, versions: range) -> None:
    for version in versions:
        await notes.edit(key, caller=ANA, expected={version - 1}, draft=Draft(str(version), ""))


async def waiting(database: Database) -> int:
    async with database.statements() as connection:
        return (await outbox.measure(connection))[0]


async def emptied(database: Database) -> None:
    for _ in range(2000):
        if not await waiting(database):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the outbox is not emptied")


@asynccontextmanager
async def redis_client(url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(url, socket_timeout=2.0, socket_connect_timeout=1.0)
    yield client
    await client.aclose()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with redis_client(redis_url) as client:
        yield client


async def test_every_change_is_announced_in_the_order_of_its_commits(
    database: Database, notes_url: str, redis: Redis
):
    relay = a_relay(notes_url, ChannelLog(redis))
    notes = use_cases(database, relay.wake)
    async with background(relay.run(), name="relay"):
        await created(notes, "menu")
        await edited(notes, "menu", versions=range(2, 30))
        await notes.delete("menu", caller=ANA, expected={29})
        await notes.restore("menu", caller=ANA)
        await emptied(database)
    home = await heard(redis, "home")
    assert [event["note"]["version"] for event in home] == list(range(1, 32))
    assert [event["type"] for event in home[-2:]] == ["note.deleted", "note.created"]
    note = await heard(redis, "notes:menu")
    assert [event["note"]["version"] for event in note] == list(range(2, 31))
    assert len({event["id"] for event in home + note}) == len(home + note)


async def test_a_refused_change_and_a_rolled_back_one_announce_nothing(database: Database):
    notes = use_cases(database)
    await created(notes, "menu")
    assert await waiting(database) == 1
    with pytest.raises(NoteExists):
        await created(notes, "menu")
    with suppress(KilledError):
        async with database.transaction() as connection:
            note, event = rules.create("other", MENU, RENDERED, by=ANA.person, now=NOON)
            assert await statements.add(connection, note, messages.encode(event, uuid4))
            raise KilledError
    assert await waiting(database) == 1


async def test_a_relay_that_dies_between_publishing_and_forgetting_repeats_and_loses_nothing(
    database: Database, notes_url: str
):
    notes = use_cases(database)
    await created(notes, "menu")
    await edited(notes, "menu", versions=range(2, 6))
    publisher = Publisher(dies_after=2)
    for _ in range(2):
        with pytest.raises(KilledError):
            await a_relay(notes_url, publisher).run()
    async with background(a_relay(notes_url, publisher).run(), name="relay"):
        await emptied(database)
    home = [event for event in publisher.sent if "excerpt" in event["note"]]
    versions = [event["note"]["version"] for event in home]
    assert versions == [1, 2, 3, 4, 5] * 3
    assert len(without_repeats(home)) == 5


async def test_a_failed_batch_is_tried_again_by_the_same_relay(
    database: Database, notes_url: str
):
    notes = use_cases(database)
    await created(notes, "menu")
    publisher = Publisher(fails_before=2)
    async with background(a_relay(notes_url, publisher).run(), name="relay"):
        await emptied(database)
    assert len(publisher.sent) == 1


async def test_it_stops_although_what_publishes_swallows_the_cancellation(
    database: Database, notes_url: str
):
    class Swallowing(Publisher):
        async def publish_many(self, publications: Any, _: Any) -> None:
            reached.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    reached = asyncio.Event()
    await created(use_cases(database), "menu")
    relay = asyncio.create_task(a_relay(notes_url, Swallowing()).run())
    await reached.wait()
    relay.cancel()
    await asyncio.wait([relay], timeout=30)
    assert relay.cancelled()


async def test_what_nobody_woke_the_relay_for_is_announced_all_the_same(
    database: Database, notes_url: str
):
    publisher = Publisher()
    async with background(a_relay(notes_url, publisher).run(), name="relay"):
        await created(use_cases(database), "menu")  # its call is lost
        await emptied(database)
    assert len(publisher.sent) == 1


async def test_one_relay_is_active_and_another_takes_over_when_it_dies(
    database: Database, notes_url: str
):
    first, second = Publisher(), Publisher()
    standing_by = a_relay(notes_url, second)
    notes = use_cases(database, standing_by.wake)
    async with background(standing_by.run(), name="second") as _, AsyncExitStack() as stack:
        # The second one may have been faster: then it is the first that stands by.
        await stack.enter_async_context(
            background(a_relay(notes_url, first).run(), name="first")
        )
        for number in range(20):
            await created(notes, f"n{number}")
        await emptied(database)
        assert sorted([len(first.sent), len(second.sent)]) == [0, 20]
        active, other = (first, second) if first.sent else (second, first)
        # Its session ends, as it does when its process is killed.
        ended = await _end_session_of_relay(database)
        while not await _relays(database) - ended:  # noqa: ASYNC110 - another session begins
            await asyncio.sleep(0.01)
        for number in range(20, 40):
            await created(notes, f"n{number}")
        await emptied(database)
    sent = without_repeats(active.sent + other.sent)
    assert len(sent) == 40


async def _relays(database: Database, act: str = "pid") -> set[int]:
    """The sessions that are active ones; `act` is done to each."""
    query = f"SELECT pid, {act} FROM pg_locks WHERE locktype = 'advisory' AND granted"  # noqa: S608
    async with database.statements() as connection:
        return {row[0] for row in await connection.execute(text(query))}


async def _end_session_of_relay(database: Database) -> set[int]:
    return await _relays(database, "pg_terminate_backend(pid)")


async def test_the_standby_passes_wake_up_calls_on_to_the_active_relay(
    database: Database, notes_url: str, monkeypatch: pytest.MonkeyPatch
):
    # Only a call can make it look within the time that this test has.
    monkeypatch.setattr("notes_service.jobs.relay.LOOK_SECONDS", 3600.0)
    active, standby = Publisher(), Publisher()
    first, second = a_relay(notes_url, active), a_relay(notes_url, standby)
    async with background(first.run(), name="first"):
        await created(use_cases(database, first.wake), "a")
        await emptied(database)
        async with background(second.run(), name="second"):
            await created(use_cases(database, second.wake), "b")
            await emptied(database)
    assert (len(active.sent), len(standby.sent)) == (2, 0)


@pytest.mark.slow
async def test_redis_killed_and_restarted_empty_under_writes_loses_nothing(
    database: Database, notes_url: str, servers_dir: Path
):
    server = Valkey(servers_dir / "valkey-that-dies", persist=False)
    server.start()
    try:
        async with redis_client(server.url) as redis:
            relay = a_relay(notes_url, ChannelLog(redis))
            notes = use_cases(database, relay.wake)
            async with background(relay.run(), name="relay"):
                await created(notes, "menu")
                await edited(notes, "menu", versions=range(2, 20))
                await emptied(database)
                server.kill()
                await edited(notes, "menu", versions=range(20, 60))  # writes still succeed
                assert await waiting(database) > 0
                server.start()
                await edited(notes, "menu", versions=range(60, 70))
                await emptied(database)
            after = [
                each["note"]["version"] for each in without_repeats(await heard(redis, "home"))
            ]
            assert after[-50:] == list(range(20, 70))
            assert after == sorted(after)
    finally:
        server.stop()


async def test_sixteen_writers_with_delayed_commits_are_announced_without_a_gap(
    database: Database, notes_url: str
):
    """Identity values commit out of order; the relay must not step over a late one."""
    publisher = Publisher()
    relay = a_relay(notes_url, publisher)

    async def write(writer: int) -> None:
        for number in range(25):
            note, event = rules.create(
                f"w{writer}-{number}", MENU, RENDERED, by=ANA.person, now=NOON
            )
            async with database.transaction() as connection:
                await statements.add(connection, note, messages.encode(event, uuid4))
                await asyncio.sleep(0.002 * ((writer + number) % 5))
            relay.wake()

    async with background(relay.run(), name="relay"):
        await asyncio.gather(*(write(writer) for writer in range(16)))
        await emptied(database)
    announced = [event["note"]["key"] for event in publisher.sent]
    assert sorted(announced) == sorted(f"w{w}-{n}" for w in range(16) for n in range(25))


async def test_writers_of_one_note_are_announced_in_the_order_of_its_versions(
    database: Database, notes_url: str
):
    publisher = Publisher()
    relay = a_relay(notes_url, publisher)
    notes = use_cases(database, relay.wake)
    await created(notes, "menu")

    async def write() -> None:
        for _ in range(10):
            version = (await notes.get("menu")).summary.version
            with_any = set(range(version, version + 400))
            await notes.edit("menu", caller=ANA, expected=with_any, draft=Draft("t", ""))

    async with background(relay.run(), name="relay"):
        await asyncio.gather(*(write() for _ in range(20)))
        await emptied(database)
    versions = [each["note"]["version"] for each in publisher.sent if "excerpt" in each["note"]]
    assert versions == list(range(1, 202))
