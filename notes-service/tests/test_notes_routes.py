"""/v1/notes over HTTP, on a real database."""

import asyncio

import pytest
from note_api import Api, refusal
from notes_service.domain.errors import NoteError
from notes_service.representations import NoteOut, NotesOut
from notes_service.routes import problems


def every_error(kind=NoteError):
    for each in kind.__subclasses__():
        if "code" in vars(each):
            yield each
        yield from every_error(each)


def test_every_refusal_has_a_status():
    assert set(problems.STATUS) == set(every_error())


async def test_a_note_is_created_read_changed_and_deleted(api: Api):
    created = await api.create("menu", body="Soup, bread & **apples**")
    assert created.status_code == 201
    assert created.headers["location"] == "/v1/notes/menu"
    assert created.headers["etag"] == '"1"'
    note = created.json()
    NoteOut.model_validate(note, extra="forbid")
    assert note["author"] == note["editor"] == {"id": "id-of-ana", "name": "ana"}
    assert note["html"] == "<p>Soup, bread &amp; <strong>apples</strong></p>\n"
    assert note["excerpt"] == "Soup, bread & apples"

    edited = await api.edit("menu", 1, title=" Menu for Monday ", by="ben")
    assert (edited.status_code, edited.headers["etag"]) == (200, '"2"')
    assert edited.json()["editor"]["name"] == "ben"
    assert edited.json()["author"]["name"] == "ana"

    read = await api.get("/notes/menu")
    assert read.json() == edited.json()
    assert read.json()["title"] == "Menu for Monday"

    assert (await api.delete("menu", 2)).status_code == 204
    assert refusal(await api.get("/notes/menu")) == (410, "note_deleted")


async def test_a_made_key_is_short_and_url_safe(api: Api):
    created = await api.create(None)
    key = created.json()["key"]
    assert len(key) == 8
    assert key.isalnum()
    assert (await api.get(f"/notes/{key}")).status_code == 200


async def test_two_notes_cannot_have_one_key(api: Api):
    await api.create("menu")
    again = await api.create("menu", by="ben")
    assert refusal(again) == (409, "note_exists")
    assert again.json()["key"] == "menu"


async def test_a_change_without_the_version_it_is_based_on_is_refused(api: Api):
    await api.create("menu")
    assert refusal(await api.edit("menu", None)) == (428, "if_match_required")
    assert refusal(await api.delete("menu", None)) == (428, "if_match_required")
    anything = await api.edit("menu", None, headers={"If-Match": "*"})
    assert refusal(anything) == (428, "if_match_required")


async def test_a_stale_change_is_refused_with_the_note_as_it_reads_now(api: Api):
    await api.create("menu")
    current = (await api.edit("menu", 1, title="Ben's", by="ben")).json()
    for stale in (await api.edit("menu", 1), await api.delete("menu", 1)):
        assert refusal(stale) == (412, "version_conflict")
        assert stale.json()["current"] == current
        assert stale.headers["etag"] == '"2"'
    assert (await api.get("/notes/menu")).json() == current


@pytest.mark.parametrize("tag", ['"1-gzip"', '"1-zstd"', 'W/"1"', 'W/"1-gzip"', '"7", "1-br"'])
async def test_a_tag_that_an_edge_changed_names_the_version_it_named(api: Api, tag: str):
    await api.create("menu")
    again = await api.edit("menu", None, headers={"If-Match": tag})
    assert again.status_code == 200


@pytest.mark.parametrize(
    "tag", ['W/"2"', '"1-other"', '"2-gzip"', "1", '"one"', '"0", "7"', '""', "garbage"]
)
async def test_what_does_not_name_the_current_version_matches_nothing(api: Api, tag):
    await api.create("menu")
    answer = await api.edit("menu", None, headers={"If-Match": tag})
    assert refusal(answer) == (412, "version_conflict")


async def test_one_of_several_named_versions_is_enough(api: Api):
    await api.create("menu")
    answer = await api.edit("menu", None, headers={"If-Match": '"7", "1"'})
    assert answer.status_code == 200


async def test_a_current_copy_is_not_sent_again(api: Api):
    await api.create("menu")
    known = dict.fromkeys(['"1"', 'W/"1"', '"1-gzip"', 'W/"1-zstd"', "*"], 304)
    for tag, status in (known | {'"2"': 200, '"2-gzip"': 200}).items():
        answer = await api.get("/notes/menu", headers={"If-None-Match": tag})
        assert (answer.status_code, answer.headers["etag"]) == (status, '"1"')


async def test_what_was_never_there_is_not_found(api: Api):
    for key in ("nothing", "a b", "%00", "edit", "x" * 70, "%ED%A0%80"):
        assert refusal(await api.get(f"/notes/{key}")) == (404, "note_not_found")
        assert refusal(await api.edit(key, 1)) == (404, "note_not_found")
        assert refusal(await api.comment(key)) == (404, "note_not_found")


@pytest.mark.parametrize(
    ("note", "code", "limit"),
    [
        ({"title": " "}, "invalid_title", 200),
        ({"title": "x" * 201}, "invalid_title", 200),
        ({"title": "a\0"}, "invalid_title", 200),
        ({"title": "\u200b\u3164"}, "invalid_title", 200),
        ({"title": "a\r\nb"}, "invalid_title", 200),
        ({"title": "\x1b]0;owned\x07"}, "invalid_title", 200),
        ({"body": "x" * 262_145}, "body_too_long", 262_144),
        ({"body": "漢" * 87_382}, "body_too_long", 262_144),
        ({"body": "a\0"}, "invalid_body", None),
        ({"key": "trash"}, "invalid_key", None),
        ({"key": "a/b"}, "invalid_key", None),
        ({"key": ""}, "invalid_key", None),
    ],
)
async def test_what_is_over_a_limit_is_refused_with_the_limit(api: Api, note, code, limit):
    answer = await api.create(**note)
    assert refusal(answer) == (422, code)
    assert answer.json().get("limit") == limit
    if "key" not in note:
        await api.create("there")
        changed = {"title": "t", "body": "b"} | note
        assert refusal(await api.edit("there", 1, **changed)) == (422, code)


@pytest.mark.parametrize(
    "content",
    [
        b'{"title":"\\ud800","body":""}',
        b'{"title":"a","body":"\\udfff"}',
        b'{"title":"a"}',
        b'{"title":1,"body":""}',
        b'{"title":"a","body":"","author":"root"}',
        b"[]",
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
    ],
)
async def test_what_is_not_a_note_is_refused_cleanly(api: Api, content):
    headers = {"Content-Type": "application/json"}
    answer = await api.send("POST", "/notes", content=content, headers=headers)
    assert refusal(answer)[0] in (400, 422)


async def test_a_request_over_the_bound_is_refused(api: Api):
    answer = await api.create(body="x" * 2_100_000)
    assert answer.status_code == 413


@pytest.mark.quick
async def test_a_body_at_the_limit_is_saved_whole_however_it_is_escaped(api: Api):
    body = "\x01" * 262_144  # six times as long in JSON
    created = await api.create("long", body=body)
    assert created.status_code == 201
    assert (await api.get("/notes/long")).json()["body"] == body


async def test_the_list_shows_rows_newest_change_first(api: Api):
    for key in ("a", "b", "c"):
        await api.create(key)
    await api.edit("a", 1, title="Again")
    answer = (await api.get("/notes")).json()
    NotesOut.model_validate(answer, extra="forbid")
    assert [row["key"] for row in answer["notes"]] == ["a", "c", "b"]
    assert answer["next"] is None
    assert "body" not in answer["notes"][0]
    await api.delete("c", 1)
    assert [row["key"] for row in (await api.get("/notes")).json()["notes"]] == ["a", "b"]


async def test_mine_are_the_notes_that_the_caller_wrote(api: Api):
    await api.create("a", by="ana")
    await api.create("b", by="ben")
    await api.edit("b", 1, by="ana")
    found = await api.get("/notes", params={"mine": True}, by="ana")
    assert [row["key"] for row in found.json()["notes"]] == ["a"]
    assert refusal(await api.get("/notes", params={"mine": True}))[0] == 401


async def test_a_preview_shows_what_a_save_would(api: Api):
    seen = await api.send("POST", "/preview", json={"body": "**x** <script>"})
    assert seen.json() == {"html": "<p><strong>x</strong> &lt;script&gt;</p>\n"}
    assert refusal(await api.send("POST", "/preview", json={"body": ""}, by=None))[0] == 401


async def test_of_sixteen_writers_with_one_version_exactly_one_wins(api: Api):
    await api.create("menu")
    for version in range(1, 6):
        answers = await asyncio.gather(
            *(api.edit("menu", version, title=f"{version}-{i}") for i in range(16))
        )
        won = [each.json()["title"] for each in answers if each.status_code == 200]
        lost = [each for each in answers if each.status_code == 412]
        assert (len(won), len(lost)) == (1, 15)
        note = (await api.get("/notes/menu")).json()
        assert (note["version"], note["title"]) == (version + 1, won[0])


async def test_comments_do_not_make_a_save_fail_and_are_counted_in_its_event(api: Api):
    await api.create("menu")
    saves = [api.edit("menu", 1)]
    answers = await asyncio.gather(*(api.comment("menu") for _ in range(10)), *saves)
    assert {each.status_code for each in answers} == {201, 200}
    note = (await api.get("/notes/menu")).json()
    assert (note["version"], note["comments"]) == (2, 10)
