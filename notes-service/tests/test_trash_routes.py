"""Deleting is putting into the trash; for 30 days a note comes back from there."""

from datetime import UTC, datetime, timedelta

import asyncpg
from note_api import Api, refusal
from notes_service.jobs import housekeeping
from notes_service.representations import TrashOut
from notes_service.store.database import Database
from notes_service.store.notes import purge_trash


async def trash(api: Api, by: str, *roles: str) -> list[str]:
    answer = (await api.get("/trash", by=by, roles=roles)).json()
    TrashOut.model_validate(answer, extra="forbid")
    return [row["key"] for row in answer["notes"]]


async def test_a_deleted_note_says_who_deleted_it_and_when(api: Api):
    await api.create("menu", title="Menu", by="ana")
    await api.delete("menu", 1, by="ben")
    answer = await api.get("/notes/menu")
    assert refusal(answer) == (410, "note_deleted")
    problem = answer.json()
    assert problem["by"] == {"id": "id-of-ben", "name": "ben"}
    assert problem["note_title"] == "Menu"
    assert datetime.fromisoformat(problem["at"]) <= datetime.now(UTC)
    for change in (await api.edit("menu", 2), await api.delete("menu", 2)):
        assert refusal(change) == (410, "note_deleted")


async def test_the_trash_shows_what_the_caller_may_restore_last_deleted_first(api: Api):
    for key in ("a", "b", "c"):
        await api.create(key, by="ana")
    await api.delete("b", 1, by="ben")
    await api.delete("a", 1, by="cy")
    assert await trash(api, "ana") == ["a", "b"]
    assert await trash(api, "ben") == ["b"]
    assert await trash(api, "dora") == []
    assert await trash(api, "root", "admin") == ["a", "b"]


async def test_a_restored_note_is_the_same_note_one_version_on(api: Api):
    before = (await api.create("menu", by="ana")).json()
    await api.comment("menu")
    await api.delete("menu", 1, by="ben")
    restored = await api.restore("menu", by="ben")
    assert (restored.status_code, restored.headers["etag"]) == (200, '"3"')
    kept = ("key", "title", "body", "html", "excerpt", "author", "created_at")
    assert {name: restored.json()[name] for name in kept} == {n: before[n] for n in kept}
    assert restored.json()["comments"] == 1
    assert (await api.get("/notes/menu")).json() == restored.json()
    assert await trash(api, "ana") == []
    assert refusal(await api.restore("menu", by="ben")) == (409, "note_exists")


async def test_a_stranger_does_not_restore_and_nothing_is_not_restored(api: Api):
    await api.create("menu", by="ana")
    await api.delete("menu", 1, by="ana")
    assert refusal(await api.restore("menu", by="cy")) == (403, "not_allowed")
    assert (await api.restore("menu", by="cy", roles=("admin",))).status_code == 200
    assert refusal(await api.restore("nothing")) == (404, "note_not_found")


async def test_a_key_that_was_taken_meanwhile_is_not_taken_back(api: Api):
    await api.create("menu", by="ana")
    await api.delete("menu", 1, by="ana")
    await api.create("menu", by="ben", title="Ben's")
    assert refusal(await api.restore("menu", by="ana")) == (409, "note_exists")
    assert (await api.get("/notes/menu")).json()["title"] == "Ben's"
    # Ben's goes into the trash, too; Ana still gets her own back.
    await api.delete("menu", 1, by="ben")
    assert (await api.restore("menu", by="ana")).json()["author"]["name"] == "ana"


async def test_the_trash_is_paged(api: Api):
    for number in range(5):
        await api.create(f"n{number}")
        await api.delete(f"n{number}", 1)
    first = (await api.get("/trash", by="ana", params={"limit": 3})).json()
    params = {"limit": 3, "cursor": first["next"]}
    second = (await api.get("/trash", by="ana", params=params)).json()
    keys = [row["key"] for row in first["notes"] + second["notes"]]
    assert (keys, second["next"]) == (["n4", "n3", "n2", "n1", "n0"], None)


async def test_the_trash_is_emptied_after_thirty_days_and_not_before(
    api: Api, database: Database
):
    await api.create("old")
    await api.comment("old")
    await api.create("kept")
    await api.delete("old", 1)
    now = datetime.now(UTC)
    await housekeeping.purge(database, now + timedelta(days=29, hours=23))
    assert await trash(api, "ana") == ["old"]
    await housekeeping.purge(database, now + timedelta(days=30, seconds=5))
    assert await trash(api, "ana") == []
    assert refusal(await api.get("/notes/old")) == (404, "note_not_found")
    assert (await api.get("/notes/kept")).status_code == 200


async def test_the_trash_is_emptied_as_many_at_a_time_as_asked_right_after_vacuum_too(
    api: Api, database: Database, notes_url: str
):
    connection = await asyncpg.connect(notes_url)
    await api.create("gone")
    await connection.execute("DELETE FROM notes")
    await connection.execute("VACUUM (TRUNCATE off, ANALYZE) notes")
    await connection.close()
    for key in ("a", "b", "c"):
        await api.create(key)
        await api.delete(key, 1)
    late = datetime.now(UTC) + timedelta(days=1)
    async with database.statements() as statements:
        left = []
        for _ in range(4):
            assert await purge_trash(statements, before=late, limit=1) <= 1
            left.append(await trash(api, "ana"))
    assert left == [["c", "b"], ["c"], [], []]
