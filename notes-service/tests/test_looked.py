"""What a person looked at last is known on all their devices, and only theirs."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import asyncpg
import pytest
from note_api import Api, refusal
from notes_service.store import lists
from notes_service.store.database import Database
from notes_service.store.history import looked

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


async def look(api: Api, version: Any, key: str = "menu", **options: Any) -> Any:
    return await api.send("PUT", f"/notes/{key}/looked", json={"version": version}, **options)


async def known(api: Api, **options: Any) -> tuple[Any, Any]:
    """What the note and the list say of it."""
    note = (await api.get("/notes/menu", **options)).json()
    listed = (await api.get("/notes", **options)).json()["notes"]
    row = next(each for each in listed if each["key"] == "menu")
    return note.get("looked"), row.get("looked")


@pytest.fixture
async def menu(api: Api) -> Api:
    await api.create()
    await api.edit("menu", 1, body="Bread")
    await api.edit("menu", 2, body="Cake", by="ben")
    return api


async def test_promise_a_person_finds_what_they_looked_at_on_every_device(menu: Api):
    assert (await look(menu, 2)).status_code == 204
    assert await known(menu, by="ana") == (2, 2)
    assert await known(menu, by="ben") == (None, None)
    assert await known(menu, by=None) == (None, None)
    found = (await menu.get("/notes", by="ana", params={"q": "menu"})).json()["notes"]
    assert found[0]["looked"] == 2


async def test_what_was_looked_at_never_goes_back(menu: Api):
    for version in (2, 1, 2):
        assert (await look(menu, version)).status_code == 204
    assert await known(menu, by="ana") == (2, 2)
    await look(menu, 3)
    assert await known(menu, by="ana") == (3, 3)


async def test_promise_reading_writes_nothing(menu: Api, notes_url: str):
    await known(menu, by="ana")
    await menu.get("/notes/menu/versions/1", by="ana")
    connection = await asyncpg.connect(notes_url)
    assert await connection.fetchval("SELECT count(*) FROM looked") == 0
    await connection.close()


async def test_whoever_may_read_and_is_signed_in_may_tell_it(menu: Api):
    assert (await look(menu, 1, by="eva", roles=("reader",))).status_code == 204
    assert await known(menu, by="eva", roles=("reader",)) == (1, 1)
    assert refusal(await look(menu, 1, by=None)) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("version", "code"),
    [(0, "invalid_request"), (2**31, "invalid_request"), ("x", "invalid_request"),
     (4, "invalid_version")],
    ids=str,
)  # fmt: skip
async def test_a_version_that_is_none_is_refused(menu: Api, version: Any, code: str):
    assert refusal(await look(menu, version)) == (422, code)
    assert await known(menu, by="ana") == (None, None)


async def test_a_note_that_is_not_there_cannot_be_looked_at(menu: Api):
    assert refusal(await look(menu, 1, "nothing")) == (404, "note_not_found")
    await menu.delete("menu", 3)
    assert refusal(await look(menu, 1)) == (410, "note_deleted")


async def test_a_note_that_takes_the_key_of_another_one_was_not_looked_at(menu: Api):
    await look(menu, 3)
    await menu.delete("menu", 3)
    await menu.create()
    assert await known(menu, by="ana") == (None, None)


async def test_promise_a_persons_rows_are_bounded(api: Api, database: Database):
    for number in range(5):
        await api.create(f"n{number}")
    async with database.transaction() as connection:
        ids = [note.id for note in await lists.newest(connection, after=None, limit=5)][::-1]
        for at, (person, number) in enumerate(product(("ana", "ben"), (0, 1, 2, 3, 4, 1))):
            version, moment = (2 if at % 6 == 5 else 1), NOON + timedelta(seconds=at)
            await looked.put(
                connection, f"id-of-{person}", ids[number], version, moment, kept=3
            )
    for person in ("ana", "ben"):
        listed = (await api.get("/notes", by=person)).json()["notes"]
        assert {each["key"] for each in listed if "looked" in each} == {"n1", "n3", "n4"}


async def test_what_was_looked_at_goes_with_the_note(menu: Api, notes_url: str):
    await look(menu, 3)
    connection = await asyncpg.connect(notes_url)
    await connection.execute("DELETE FROM notes")
    assert await connection.fetchval("SELECT count(*) FROM looked") == 0
    await connection.close()
