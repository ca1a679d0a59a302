"""Every text that was saved is a version: listed once, readable, restored, kept."""

from typing import Any

import asyncpg
import pytest
from note_api import Api, refusal
from notes_service.domain.versions import lines_changed
from notes_service.routes.conditions import format_number_cursor
from notes_service.store.database import Database
from relay_probe import heard
from test_relay import emptied, redis_client


async def listed(api: Api, key: str = "menu", **params: Any) -> list[dict[str, Any]]:
    answer = await api.get(f"/notes/{key}/versions", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["versions"])


async def text_of(api: Api, version: int, key: str = "menu") -> tuple[str, str]:
    whole = (await api.get(f"/notes/{key}/versions/{version}")).json()
    return whole["title"], whole["body"]


async def restore(api: Api, version: int, over: int, **options: Any) -> Any:
    path = f"/notes/menu/versions/{version}/restore"
    return await api.send("POST", path, version=over, **options)


async def delete(api: Api, version: int, *roles: str) -> Any:
    return await api.send("DELETE", f"/notes/menu/versions/{version}", roles=roles)


ADMIN = ("editor", "admin")


async def test_every_save_is_a_version_with_who_how_and_how_much(api: Api):
    await api.create(body="one\ntwo", via="import")
    await api.edit("menu", 1, "Menu", "one\n2\n3", by="ben")
    note = {"title": "Tea", "body": "one\n2\n3\n", "via": "page"}
    saved = await api.send("PUT", "/notes/menu", version=2, json=note)
    assert saved.json()["changed_lines"] == 0
    assert [
        (each["version"], each["title"], each["by"]["name"], each["via"], each["changed_lines"])
        for each in await listed(api)
    ] == [
        (3, "Tea", "ana", "page", 0),
        (2, "Menu", "ben", "api", 2),
        (1, "Menu", "ana", "import", None),
    ]
    assert await text_of(api, 1) == ("Menu", "one\ntwo")
    assert await text_of(api, 3) == ("Tea", "one\n2\n3\n")
    newest = (await listed(api))[0]
    assert newest["at"] == saved.json()["updated_at"]
    assert newest["restored_from"] is None
    assert newest["deleted"] is False


async def test_lists_notes_and_events_say_how_many_lines_the_last_save_changed(
    api: Api, database: Database, redis_url: str
):
    await api.create()
    await api.edit("menu", 1, body="Soup\nTea\nCake")
    assert (await api.get("/notes/menu")).json()["changed_lines"] == 2
    assert (await api.get("/notes")).json()["notes"][0]["changed_lines"] == 2
    await emptied(database)
    async with redis_client(redis_url) as redis:
        events = await heard(redis, "home")
    assert [event["note"].get("changed_lines") for event in events] == [None, 2]


async def test_the_list_goes_on_where_its_page_ended(api: Api):
    await api.create()
    for version in range(1, 5):
        await api.edit("menu", version, body=str(version))
    first = (await api.get("/notes/menu/versions", params={"limit": 2})).json()
    assert [each["version"] for each in first["versions"]] == [5, 4]
    rest = await api.get("/notes/menu/versions", params={"cursor": first["next"]})
    assert [each["version"] for each in rest.json()["versions"]] == [3, 2, 1]
    assert rest.json()["next"] is None
    assert refusal(await api.get("/notes/menu/versions", params={"cursor": "x"})) == (
        422,
        "invalid_cursor",
    )


async def test_the_version_before_another_one_is_asked_for_by_number(api: Api):
    await api.create()
    for version in range(1, 4):
        await api.edit("menu", version, body=str(version))
    assert [each["version"] for each in await listed(api, before=4, limit=1)] == [3]
    assert [each["version"] for each in await listed(api, before=3)] == [2, 1]
    assert await listed(api, before=1) == []
    first = (await api.get("/notes/menu/versions", params={"limit": 3})).json()
    assert [each["version"] for each in await listed(api, cursor=first["next"], before=4)] == [
        1
    ]
    assert (await api.get("/notes/menu/versions", params={"before": 0})).status_code == 422


@pytest.mark.parametrize(("number", "found"), [(0, []), (2, [1]), (2**63 - 1, [2, 1])])
async def test_a_cursor_may_name_any_number(api: Api, number: int, found: list[int]):
    await api.create()
    await api.edit("menu", 1)
    versions = await listed(api, cursor=format_number_cursor(number))
    assert [each["version"] for each in versions] == found


async def test_restoring_a_version_is_a_save_of_its_text(api: Api):
    await api.create(body="Soup")
    await api.edit("menu", 1, "Tea", "Tea")
    answer = await restore(api, 1, over=2, by="ben")
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"3"'
    note = answer.json()
    assert (note["title"], note["body"], note["version"]) == ("Menu", "Soup", 3)
    assert (await api.get("/notes/menu")).json() == note
    newest = (await listed(api))[0]
    assert (newest["via"], newest["restored_from"], newest["by"]["name"]) == (
        "restore",
        1,
        "ben",
    )
    # Undone as it was done.
    assert (await restore(api, 2, over=3)).json()["body"] == "Tea"


async def test_restoring_over_a_version_that_one_has_not_read_is_a_conflict(api: Api):
    await api.create()
    await api.edit("menu", 1, body="Tea")
    conflict = await restore(api, 1, over=1)
    assert refusal(conflict) == (412, "version_conflict")
    assert conflict.json()["current"]["body"] == "Tea"
    assert refusal(await api.send("POST", "/notes/menu/versions/1/restore")) == (
        428,
        "if_match_required",
    )
    assert len(await listed(api)) == 2


async def test_a_repeated_restore_or_save_makes_one_version(api: Api):
    await api.create()
    once = {"headers": {"Idempotency-Key": "once"}}
    for _ in range(2):
        await api.edit("menu", 1, body="Tea", **once)
    again = {"Idempotency-Key": "again"}
    first = await restore(api, 1, over=2, headers=again)
    await api.delete("menu", 3)
    # Whatever became of the note since.
    assert (await restore(api, 1, over=2, headers=again)).json() == first.json()
    await api.restore("menu")
    assert [each["version"] for each in await listed(api)] == [5, 3, 2, 1]
    used = await restore(api, 2, over=2, headers=again)
    assert refusal(used) == (422, "idempotency_key_reused")


async def test_what_was_refused_is_no_version(api: Api):
    await api.create()
    await api.create()  # the key is taken
    await api.edit("menu", 7, body="Tea")
    await api.edit("menu", 1, title=" ")
    assert len(await listed(api)) == 1


async def test_a_note_that_comes_back_from_the_trash_has_a_version_of_its_own(api: Api):
    await api.create()
    await api.delete("menu", 1)
    assert refusal(await api.get("/notes/menu/versions")) == (410, "note_deleted")
    await api.restore("menu", by="ana")
    back, first = await listed(api)
    assert (back["version"], back["via"], back["restored_from"]) == (3, "restore", None)
    assert (back["changed_lines"], first["version"]) == (0, 1)
    assert await text_of(api, 3) == ("Menu", "Soup")
    assert refusal(await api.get("/notes/menu/versions/2")) == (404, "version_not_found")


async def test_another_note_of_the_same_key_has_no_part_in_it(api: Api):
    await api.create(body="secret")
    await api.delete("menu", 1)
    await api.create(body="Tea")
    assert [each["version"] for each in await listed(api)] == [1]
    assert await text_of(api, 1) == ("Menu", "Tea")


async def test_who_may_not_write_restores_nothing(api: Api):
    await api.create()
    await api.edit("menu", 1, body="Tea")
    assert refusal(await restore(api, 1, over=2, roles=("reader",))) == (403, "not_allowed")
    assert refusal(await restore(api, 1, over=2, by=None)) == (401, "unauthenticated")


async def test_a_save_says_what_it_is_of_or_is_refused(api: Api):
    for via in ("restore", "carrier pigeon", 7):
        answer = await api.create(via=via)
        assert answer.status_code == 422
        assert "via" in answer.text


async def test_an_administrator_deletes_a_version_and_a_gravestone_stays(
    api: Api, notes_url: str
):
    await api.create(title="Secret", body="secret")
    await api.edit("menu", 1, "Tea", "Tea")
    assert refusal(await delete(api, 1, "editor")) == (403, "not_allowed")
    assert (await delete(api, 1, *ADMIN)).status_code == 204
    gone = (await listed(api))[1]
    assert (gone["title"], gone["deleted"], gone["by"]["name"]) == ("", True, "ana")
    for answer in (
        await api.get("/notes/menu/versions/1"),
        await restore(api, 1, over=2),
        await delete(api, 1, *ADMIN),
    ):
        assert refusal(answer) == (410, "version_deleted")
    connection = await asyncpg.connect(notes_url)
    row = await connection.fetchrow("SELECT * FROM note_versions WHERE version = 1")
    await connection.close()
    assert "secret" not in str(row).lower()
    assert row["deleter_name"] == "ana"


async def test_the_current_version_is_not_deleted(api: Api):
    await api.create()
    assert refusal(await delete(api, 1, *ADMIN)) == (409, "version_is_current")
    assert refusal(await delete(api, 2, *ADMIN)) == (404, "version_not_found")
    assert refusal(await api.get("/notes/menu/versions/2")) == (404, "version_not_found")
    assert refusal(await api.get("/notes/nothing/versions")) == (404, "note_not_found")


async def test_versions_go_with_their_note(api: Api, notes_url: str):
    await api.create()
    connection = await asyncpg.connect(notes_url)
    await connection.execute("DELETE FROM notes")
    assert await connection.fetchval("SELECT count(*) FROM note_versions") == 0
    await connection.close()


@pytest.fixture
async def saved_by_the_release_before(api: Api, notes_url: str) -> None:
    """Version 2 was written by a service that knows no versions."""
    await api.create()
    connection = await asyncpg.connect(notes_url)
    await connection.execute(
        "UPDATE notes SET version = 2, title = 'Tea', body = 'Tea', changed_lines = NULL,"
        " editor_id = 'ben', editor_name = 'ben'"
    )
    await connection.close()


@pytest.mark.usefixtures("saved_by_the_release_before")
async def test_what_the_release_before_saved_beside_this_one_is_listed_and_read(api: Api):
    newest = (await listed(api))[0]
    assert (newest["version"], newest["title"], newest["via"]) == (2, "Tea", "page")
    assert newest["by"]["name"] == "ben"
    assert await text_of(api, 2) == ("Tea", "Tea")
    page = (await api.get("/notes/menu/versions", params={"limit": 1})).json()
    rest = await listed(api, cursor=page["next"])
    assert [each["version"] for each in page["versions"] + rest] == [2, 1]


@pytest.mark.usefixtures("saved_by_the_release_before")
@pytest.mark.parametrize("change", ["save", "deletion"])
async def test_what_the_release_before_saved_is_kept_before_another_takes_its_place(
    api: Api, change: str
):
    if change == "save":
        await api.edit("menu", 2, body="Cake")
    else:
        await api.delete("menu", 2)
        await api.restore("menu")
    versions = [(each["version"], each["by"]["name"]) for each in await listed(api)]
    newest = (3, "ana") if change == "save" else (4, "ana")
    assert versions == [newest, (2, "ben"), (1, "ana")]
    assert await text_of(api, 2) == ("Tea", "Tea")


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("", "", 0),
        ("", "a", 1),
        ("a", "", 0),
        ("a", "a\n", 0),
        ("a\nb", "b\na", 0),
        ("a\nb\nc", "a\nX\nc", 1),
        ("a", "a\na\na", 2),
        ("a\na", "a", 0),
        ("a\n\nb", "a\n\n\nb", 1),
        ("a\u2028b", "a\u2028c", 1),
    ],
)
def test_lines_are_counted_as_often_as_they_stand_there(old: str, new: str, changed: int):
    assert lines_changed(old, new) == changed
