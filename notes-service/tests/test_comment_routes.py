"""/v1/notes/{key}/comments over HTTP, on a real database."""

import pytest
from note_api import Api, refusal
from notes_service.representations import CommentOut, CommentsOut


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
