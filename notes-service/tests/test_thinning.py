"""Versions are let go as the policy says, and those that are needed never."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from note_api import Api
from notes_service.domain.errors import Unavailable
from notes_service.domain.thinning import Place, Thinning
from notes_service.jobs import housekeeping, thinning
from notes_service.jobs.thinning import Thinner
from notes_service.metrics import Metrics
from notes_service.store import written
from notes_service.store.database import Database
from notes_service.store.history import thinning as versions_store
from notes_service.use_cases.quota import Quota
from prometheus_client import CollectorRegistry
from service_kit.tasks import background

NOW = datetime(2026, 12, 24, 12, 0, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=2)


def stay(places: list[Place], keep_days: int = 0) -> list[int]:
    rules = Thinning(keep_days)
    newest_first = sorted(places, key=lambda place: (-place.note_id, -place.version))
    return sorted(each.version for each in newest_first if not rules.falls(each, NOW))


def place(version: int, at: datetime, by: str = "ana", **changes: object) -> Place:
    usual = Place(1, version, by, at, is_autosave=False, is_deleted=False)
    return usual._replace(**changes)


def autosave(version: int, minutes: float, by: str = "ana", **changes: object) -> Place:
    at = YESTERDAY + timedelta(minutes=minutes)
    return place(version, at, by, is_autosave=True, **changes)


def test_of_old_autosaves_the_last_of_each_ten_minutes_and_person_stays():
    saves = [
        autosave(1, 0.1),
        autosave(2, 1, "ben"),
        autosave(3, 9.9),
        autosave(4, 10),
        autosave(5, 11),
        autosave(6, 12, "ben"),
        place(7, YESTERDAY + timedelta(minutes=13)),
    ]
    assert stay(saves) == [2, 3, 5, 6, 7]


def test_autosaves_of_the_last_day_stay_and_so_does_what_was_saved_on_purpose():
    fresh = [autosave(version, 24 * 60 + version) for version in range(1, 5)]
    assert stay(fresh) == [1, 2, 3, 4]
    on_purpose = [place(version, YESTERDAY) for version in range(1, 5)]
    assert stay(on_purpose) == [1, 2, 3, 4]


def test_after_the_days_that_the_operator_set_the_last_of_each_day_stays():
    day = timedelta(days=1)
    saves = [
        *(
            place(version, NOW - 40 * day + version * timedelta(minutes=1))
            for version in (1, 2)
        ),
        place(3, NOW - 39 * day),
        *(place(version, NOW - day) for version in (4, 5)),
    ]
    assert stay(saves, keep_days=30) == [2, 3, 4, 5]


def test_a_gravestone_stays_and_stands_for_nothing():
    saves = [autosave(1, 0), autosave(2, 1, is_deleted=True), autosave(3, 15)]
    assert stay(saves) == [1, 2, 3]


@given(
    st.lists(st.tuples(st.integers(0, 4000), st.sampled_from("ab"), st.booleans()), min_size=1),
    st.integers(0, 2),
)
def test_what_goes_always_has_a_later_one_that_stays(saves, keep_days):
    places = [
        place(version, NOW - timedelta(minutes=4000 - minutes), by, is_autosave=is_autosave)
        for version, (minutes, by, is_autosave) in enumerate(sorted(saves), 1)
    ]
    staying = stay(places, keep_days)
    assert staying[-1] == len(places)
    kept = [each for each in places if each.version in staying]
    for gone in (each for each in places if each.version not in staying):
        later = [each for each in kept if each.version > gone.version]
        same_ten_minutes = [
            each
            for each in later
            if each.is_autosave
            and each.by_id == gone.by_id
            and each.at.timestamp() // 600 == gone.at.timestamp() // 600
        ]
        same_day = [each for each in later if each.at.date() == gone.at.date()]
        assert (gone.is_autosave and same_ten_minutes) or (keep_days and same_day)


async def numbers(url: str) -> list[int]:
    connection = await asyncpg.connect(url)
    found = await connection.fetch(
        "SELECT version FROM note_versions ORDER BY note_id, version"
    )
    await connection.close()
    return [each["version"] for each in found]


@pytest.mark.slow
async def test_what_a_note_reads_what_was_restored_from_and_looked_at_never_go(
    api: Api, database: Database, notes_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(thinning, "PAGE", 2)  # of any size it is the same
    await api.create()
    for version in range(1, 6):
        await api.edit("menu", version, body=str(version))
    restored = "/notes/menu/versions/2/restore"
    await api.send("POST", restored, version=6)
    await api.create("other")
    connection = await asyncpg.connect(notes_url)
    await connection.execute("UPDATE note_versions SET at = '2026-11-27T12:00Z'")
    await connection.close()
    for _ in range(2):
        await Thinner(database, 30).turn(datetime(2026, 12, 20, tzinfo=UTC))
        assert await numbers(notes_url) == [1, 2, 3, 4, 5, 6, 7, 1]
    await api.send("PUT", "/notes/menu/looked", json={"version": 4})
    for _ in range(2):
        await Thinner(database, 7).turn(datetime(2026, 12, 20, tzinfo=UTC))
        assert await numbers(notes_url) == [2, 4, 7, 1]


@pytest.mark.slow
async def test_a_turn_goes_on_where_the_one_before_ended(
    api: Api, database: Database, notes_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(thinning, "PAGE", 1)
    monkeypatch.setattr(thinning, "PAGES_IN_A_TURN", 1)
    await api.create(via="autosave")
    for version in range(1, 4):
        note = {"title": "Menu", "body": str(version), "via": "autosave"}
        await api.send("PUT", "/notes/menu", version=version, json=note)
    connection = await asyncpg.connect(notes_url)
    await connection.execute("UPDATE note_versions SET at = '2026-11-27T12:00Z'")
    await connection.close()
    thinner, looked_at = Thinner(database, 0), []
    for _ in range(4):
        await thinner.turn(NOW)
        looked_at.append(await numbers(notes_url))
    assert looked_at == [[1, 2, 3, 4], [1, 2, 4], [1, 4], [4]]


@pytest.mark.slow
@pytest.mark.parametrize("is_done", [False, True])
async def test_a_page_that_failed_is_judged_as_if_for_the_first_time(
    api: Api,
    database: Database,
    notes_url: str,
    monkeypatch: pytest.MonkeyPatch,
    is_done: bool,
):
    await api.create(via="autosave")
    for version, by in ((1, "ben"), (2, "ben"), (3, "ana")):
        note = {"title": "Menu", "body": str(version), "via": "autosave"}
        await api.send("PUT", "/notes/menu", version=version, json=note, by=by)
    await api.delete("menu", 4)
    connection = await asyncpg.connect(notes_url)
    await connection.execute("UPDATE note_versions SET at = '2026-11-27T12:00Z'")
    await connection.close()

    async def lost(connection, places):  # type: ignore[no-untyped-def]
        if is_done:
            await let_go(connection, places)
        raise Unavailable

    thinner, let_go = Thinner(database, 0), versions_store.let_go
    monkeypatch.setattr(versions_store, "let_go", lost)
    with pytest.raises(Unavailable):
        await thinner.turn(NOW)
    monkeypatch.setattr(versions_store, "let_go", let_go)
    await thinner.turn(NOW)
    assert await numbers(notes_url) == [3, 4]


@pytest.mark.slow
async def test_the_newest_in_the_trash_and_a_gravestone_do_not_go_whoever_asks(
    api: Api, database: Database, notes_url: str
):
    await api.create()
    for version in range(1, 4):
        await api.edit("menu", version, body=str(version))
    await api.send("DELETE", "/notes/menu/versions/2", roles=("admin",))
    await api.delete("menu", 4)
    async with database.statements() as connection:
        places = await versions_store.page(connection, versions_store.NEWEST, limit=10)
        await versions_store.let_go(connection, places)
    assert await numbers(notes_url) == [2, 4]


async def test_a_chore_that_fails_does_not_keep_the_others_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    done = asyncio.Event()

    class Last(Thinner):
        async def turn(self, now: datetime) -> None:
            done.set()

    async def fail(*_: object, **__: object) -> int:
        raise RuntimeError

    monkeypatch.setattr(housekeeping.deleted_comments, "purge", fail)
    monkeypatch.setattr(housekeeping.idempotency, "purge", fail)
    monkeypatch.setattr(housekeeping.outbox, "measure", fail)
    quota, metrics = Quota(database, lambda: NOW, 10_000), Metrics(CollectorRegistry())
    async with quota.reserve("ana", "x" * 1000) as reservation:
        reservation.take()
    chores = housekeeping.run(database, metrics, quota, Last(database, 0), now=lambda: NOW)
    async with background(chores, name="chores"), asyncio.timeout(60):
        await done.wait()
    async with database.statements() as connection:
        assert await written.read(connection, "ana", NOW.date()) == 1000


async def test_old_trash_goes_with_its_versions_however_many(
    api: Api, database: Database, notes_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(housekeeping, "_PURGE_BATCH", 2)
    await api.create()
    for version in range(1, 6):
        await api.edit("menu", version, body=str(version))
    await api.create("other")
    await api.delete("menu", len(await numbers(notes_url)) - 1)
    await housekeeping.purge(database, datetime.now(UTC) + timedelta(days=29))
    assert len(await numbers(notes_url)) > 4
    await housekeeping.purge(database, datetime.now(UTC) + timedelta(days=31))
    assert await numbers(notes_url) == [1]
