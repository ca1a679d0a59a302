"""/v1/notes/{key}/comments over HTTP, on a real database."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from note_api import Api, refusal
from notes_service.jobs.housekeeping import purge
from notes_service.representations import CommentOut, CommentsOut, CommentVersionsOut
from notes_service.store.database import Database
from sqlalchemy import text


async def test_a_comment_is_added_read_and_removed(api: Api):
    await api.create("menu")
    added = await api.comment("menu", " Is there cake?\n<b>Please</b> ", by="ben")
    assert added.status_code == 201
    CommentOut.model_validate(added.json(), extra="forbid")
    assert added.json()["author"] == {"id": "id-of-ben", "name": "ben"}
    found = await api.comments("menu")
    CommentsOut.model_validate(found, extra="forbid")
    assert found == {"comments": [added.json()], "earlier": None, "total": 1}
    assert found["comments"][0]["text"] == "Is there cake?\n<b>Please</b>"

    path = f"/notes/menu/comments/{added.json()['id']}"
    assert (await api.send("DELETE", path, by="ben")).status_code == 204
    assert refusal(await api.send("DELETE", path, by="ben")) == (404, "comment_not_found")
    assert (await api.comments("menu"))["total"] == 0


@pytest.mark.slow
async def test_a_comment_travels_as_it_was_typed_and_as_it_is_shown(api: Api):
    await api.create("menu")
    short = (await api.comment("menu", "**Cake** at https://a.example/")).json()
    assert short["text"] == "**Cake** at https://a.example/"
    assert short["html"].startswith("<strong>Cake</strong> at <a href=")
    # A worker renders what is long.
    long = (await api.comment("menu", "*Cake*\n" + "x " * 200)).json()
    assert long["html"] == "<em>Cake</em>\n" + ("x " * 200).strip()
    assert (await api.comments("menu"))["comments"] == [short, long]


async def test_a_comment_is_removed_by_its_author_or_an_administrator_only(api: Api):
    await api.create("menu", by="ana")
    first, second = [(await api.comment("menu", by="ben")).json()["id"] for _ in range(2)]
    other = await api.send("DELETE", f"/notes/menu/comments/{first}", by="ana")
    assert refusal(other) == (403, "not_allowed")
    admin = await api.send("DELETE", f"/notes/menu/comments/{first}", roles=("admin",))
    assert admin.status_code == 204
    author = await api.send("DELETE", f"/notes/menu/comments/{second}", by="ben")
    assert author.status_code == 204


async def put(
    api: Api, said: dict[str, Any], words: str, *, version: int = 1, **how: Any
) -> httpx.Response:
    path = f"/notes/menu/comments/{said['id']}"
    return await api.send("PUT", path, json={"text": words}, version=version, **how)


async def test_promise_a_comment_is_changed_and_what_it_said_is_kept(api: Api):
    await api.create("menu")
    said = (await api.comment("menu", "Cake?", by="ben")).json()
    edited = await put(api, said, " *Tea*? ", by="ben")
    assert (edited.status_code, edited.headers["ETag"]) == (200, '"2"')
    now = edited.json()
    CommentOut.model_validate(now, extra="forbid")
    assert (now["text"], now["html"]) == ("*Tea*?", "<em>Tea</em>?")
    assert (now["id"], now["created_at"]) == (said["id"], said["created_at"])
    assert now["edited_at"] >= said["created_at"]
    assert await api.comments("menu") == {"comments": [now], "earlier": None, "total": 1}
    again = (await put(api, said, "Milk?", by="ben", version=2)).json()

    path = f"/notes/menu/comments/{said['id']}"
    assert (await api.get(path)).json() == again
    assert (await api.get(path)).headers["ETag"] == '"3"'
    versions = await api.send("GET", path + "/versions", by="ben")
    CommentVersionsOut.model_validate(versions.json(), extra="forbid")
    assert versions.json()["versions"] == [
        {"version": 2, "text": "*Tea*?", "at": now["edited_at"]},
        {"version": 1, "text": "Cake?", "at": said["created_at"]},
    ]
    admin = await api.send("GET", path + "/versions", roles=("admin",))
    assert admin.json() == versions.json()
    assert refusal(await api.send("GET", path + "/versions", by="ana")) == (403, "not_allowed")
    assert refusal(await api.get(path + "/versions")) == (401, "unauthenticated")


async def test_promise_two_windows_do_not_change_a_comment_blindly(api: Api):
    await api.create("menu")
    said = (await api.comment("menu", "Cake?")).json()
    now = (await put(api, said, "Tea?")).json()
    late = await put(api, said, "Milk?")
    assert refusal(late) == (412, "comment_conflict")
    assert late.headers["ETag"] == '"2"'
    assert late.json()["comment"] == now
    blind = await api.send("PUT", f"/notes/menu/comments/{said['id']}", json={"text": "x"})
    assert refusal(blind) == (428, "if_match_required")
    many = await asyncio.gather(*(put(api, said, f"{i}", version=2) for i in range(8)))
    assert sorted(each.status_code for each in many) == [200] + [412] * 7


async def test_a_comment_is_changed_by_its_author_alone_and_within_the_limits(api: Api):
    await api.create("menu")
    said = (await api.comment("menu", "Cake?", by="ben")).json()
    assert refusal(await put(api, said, "x", by="ana")) == (403, "not_allowed")
    assert refusal(await put(api, said, "x", roles=("admin",))) == (403, "not_allowed")
    assert refusal(await put(api, said, "x" * 4001, by="ben")) == (422, "invalid_comment")
    unknown = await put(api, said | {"id": said["id"] + 1}, "x", by="ben")
    assert refusal(unknown) == (404, "comment_not_found")
    assert (await api.comments("menu"))["comments"] == [said]


async def test_a_repeated_change_of_a_comment_is_made_once(api: Api):
    await api.create("menu")
    said = (await api.comment("menu", "Cake?")).json()
    key = {"Idempotency-Key": "once"}
    first = await put(api, said, "Tea?", headers=key)
    assert (await put(api, said, "Tea?", headers=key)).json() == first.json()
    # The same words are no change.
    same = await put(api, said, "Tea?", version=2)
    assert (same.json(), same.headers["ETag"]) == (first.json(), '"2"')


@pytest.mark.slow
async def test_a_comment_keeps_its_last_hundred_former_texts(api: Api, database: Database):
    await api.create("menu")
    said = (await api.comment("menu", "1")).json()
    path = f"/notes/menu/comments/{said['id']}"
    await api.send("DELETE", path)
    await api.send("POST", path + "/restore")  # counts up without a text
    for version in range(2, 104):
        assert (await put(api, said, str(version), version=version)).status_code == 200
    async with database.statements() as connection:
        kept = "SELECT version FROM comment_versions ORDER BY version"
        assert list(await connection.scalars(text(kept))) == list(range(4, 104))
    shown = (await api.send("GET", path + "/versions")).json()["versions"]
    assert [each["version"] for each in shown] == list(range(103, 3, -1))


async def test_a_deleted_comment_leaves_no_former_texts(api: Api, database: Database):
    await api.create("menu")
    said = (await api.comment("menu", "Cake?")).json()
    await put(api, said, "Tea?")
    await api.send("DELETE", f"/notes/menu/comments/{said['id']}")
    async with database.statements() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM comment_versions")) == 0


async def test_promise_a_deleted_comment_comes_back_as_it_was_to_its_place(api: Api):
    await api.create("menu")
    said = (await api.comment("menu", "Cake?", by="ben")).json()
    await api.comment("menu", "Later")
    now = (await put(api, said, "*Tea*?", by="ben")).json()
    path = f"/notes/menu/comments/{said['id']}"
    assert (await api.send("DELETE", path, by="ben")).status_code == 204
    assert (await api.comments("menu"))["total"] == 1
    assert refusal(await api.get(path)) == (404, "comment_not_found")
    assert refusal(await put(api, said, "x", version=2, by="ben")) == (404, "comment_not_found")

    other = await api.send("POST", path + "/restore", by="ana")
    assert refusal(other) == (403, "not_allowed")
    back = await api.send("POST", path + "/restore", by="ben")
    assert (back.status_code, back.headers["ETag"]) == (200, '"3"')
    assert back.json() == now | {"version": 3}
    found = await api.comments("menu")
    assert [each["text"] for each in found["comments"]] == ["*Tea*?", "Later"]
    assert (found["total"], (await api.get("/notes/menu")).json()["comments"]) == (2, 2)
    versions = (await api.send("GET", path + "/versions", by="ben")).json()["versions"]
    assert [(each["version"], each["text"]) for each in versions] == [(1, "Cake?")]
    assert versions[0]["at"] == said["created_at"]
    # Once more is nothing more, and its life goes on.
    assert (await api.send("POST", path + "/restore", by="ben")).json() == back.json()
    assert (await api.comments("menu"))["total"] == 2
    assert (await put(api, said, "Milk?", version=3, by="ben")).status_code == 200


@pytest.mark.slow
async def test_a_comment_that_is_just_going_for_good_does_not_come_back(
    api: Api, database: Database
):
    await api.create("menu")
    said = (await api.comment("menu", "Cake?")).json()
    path = f"/notes/menu/comments/{said['id']}"
    await api.send("DELETE", path)
    async with database.transaction() as housekeeper:
        await housekeeper.execute(text("DELETE FROM deleted_comments"))
        restoring = asyncio.create_task(api.send("POST", path + "/restore"))
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not await housekeeper.scalar(waits):  # noqa: ASYNC110 - PostgreSQL tells nobody
            await asyncio.sleep(0.01)
    assert refusal(await restoring) == (404, "comment_not_found")
    assert (await api.comments("menu"))["total"] == 0


async def test_who_deleted_a_comment_and_administrators_bring_it_back_too(api: Api):
    await api.create("menu")
    said = (await api.comment("menu", "Cake?", by="ben")).json()
    path = f"/notes/menu/comments/{said['id']}"
    for restorer, roles in (("ada", ("admin",)), ("eva", ("admin",)), ("ben", ("editor",))):
        await api.send("DELETE", path, by="ada", roles=("admin",))
        back = await api.send("POST", path + "/restore", by=restorer, roles=roles)
        assert back.status_code == 200
    unknown = await api.send("POST", "/notes/menu/comments/99999999/restore")
    assert refusal(unknown) == (404, "comment_not_found")
    await api.create("other")
    await api.send("DELETE", path, by="ben")
    elsewhere = await api.send("POST", path.replace("menu", "other") + "/restore", by="ben")
    assert refusal(elsewhere) == (404, "comment_not_found")


async def test_promise_deleted_comments_are_kept_thirty_days_and_go_with_their_note(
    api: Api, database: Database
):
    await api.create("menu")
    for words in ("old", "new"):
        said = (await api.comment("menu", words)).json()
        await api.send("DELETE", f"/notes/menu/comments/{said['id']}")
    old = (
        "UPDATE deleted_comments SET deleted_at = now() - interval '31 days' WHERE text = 'old'"
    )

    async def left() -> list[str]:
        async with database.statements() as connection:
            return list(await connection.scalars(text("SELECT text FROM deleted_comments")))

    async with database.statements() as connection:
        await connection.execute(text(old))
    await purge(database, datetime.now(UTC))
    assert await left() == ["new"]
    async with database.statements() as connection:
        await connection.execute(text("DELETE FROM notes"))
    assert await left() == []


async def test_comments_are_paged_backwards_and_read_forwards(api: Api):
    await api.create("menu")
    for number in range(7):
        await api.comment("menu", str(number))
    pages, before = [], None
    while True:
        params = {"limit": 3} | ({"before": before} if before else {})
        found = await api.comments("menu", **params)
        assert found["total"] == 7
        pages.append([each["text"] for each in found["comments"]])
        before = found["earlier"]
        if before is None:
            break
    assert pages == [["4", "5", "6"], ["1", "2", "3"], ["0"]]


async def test_comments_leave_the_version_and_the_order_of_the_list_alone(api: Api):
    await api.create("a")
    await api.create("b")
    await api.comment("a")
    rows = (await api.get("/notes")).json()["notes"]
    assert [(row["key"], row["version"], row["comments"]) for row in rows] == [
        ("b", 1, 0),
        ("a", 1, 1),
    ]


async def test_comments_stay_with_their_note_and_never_reappear_under_its_key(api: Api):
    await api.create("menu", by="ana")
    await api.comment("menu", "old")
    await api.delete("menu", 1, by="ana")
    assert refusal(await api.comment("menu")) == (410, "note_deleted")
    assert refusal(await api.get("/notes/menu/comments")) == (410, "note_deleted")
    await api.create("menu", by="ben")
    assert await api.comments("menu") == {"comments": [], "earlier": None, "total": 0}
    await api.delete("menu", 1, by="ben")
    restored = await api.restore("menu", by="ana")
    assert restored.json()["comments"] == 1
    assert [each["text"] for each in (await api.comments("menu"))["comments"]] == ["old"]


async def test_a_comment_of_another_note_is_not_found(api: Api):
    await api.create("a")
    await api.create("b")
    said = (await api.comment("a")).json()["id"]
    wrong = await api.send("DELETE", f"/notes/b/comments/{said}")
    assert refusal(wrong) == (404, "comment_not_found")


@pytest.mark.parametrize("text", ["", "  ", "x" * 4001, "a\0b"])
async def test_a_comment_outside_the_limits_is_refused_with_the_limit(api: Api, text):
    await api.create("menu")
    answer = await api.comment("menu", text)
    assert refusal(answer) == (422, "invalid_comment")
    assert answer.json()["limit"] == 4000


@pytest.mark.parametrize("comment_id", ["0", "-1", "x", str(2**63), str(10**40)])
async def test_what_is_no_comment_id_is_refused(api: Api, comment_id):
    await api.create("menu")
    answer = await api.send("DELETE", f"/notes/menu/comments/{comment_id}")
    assert refusal(answer)[0] == 422
