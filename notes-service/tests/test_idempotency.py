"""Requests that are repeated with their Idempotency-Key."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from note_api import Api, refusal
from notes_service.jobs import housekeeping
from notes_service.store.database import Database
from notes_service.tables import idempotency_keys, notes
from sqlalchemy import select, text, update

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


async def keys_of_notes(api: Api) -> list[str]:
    return [row["key"] for row in (await api.get("/notes")).json()["notes"]]


async def test_a_repeated_request_makes_one_note_and_gets_the_first_answer(api: Api):
    first = await api.create(None, headers=dict(KEY))
    await api.edit(first.json()["key"], 1, title="Changed since")
    second = await api.create(None, headers=dict(KEY))
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["location"] == first.headers["location"]
    assert second.headers["etag"] == first.headers["etag"]
    assert len(await keys_of_notes(api)) == 1


async def test_concurrent_repeats_make_one_note_and_get_one_answer(api: Api):
    answers = await asyncio.gather(*(api.create(None, headers=dict(KEY)) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(await keys_of_notes(api)) == 1


async def test_a_repeated_comment_is_one_comment(api: Api):
    await api.create("menu")
    first = await api.comment("menu", headers=dict(KEY))
    assert (await api.comment("menu", headers=dict(KEY))).json() == first.json()
    assert (await api.comments("menu"))["total"] == 1


@pytest.mark.parametrize("change", [{"title": "Other"}, {"body": "Other"}, {"key": "other"}])
async def test_a_key_is_not_used_for_another_request(api: Api, change):
    await api.create("menu", headers=dict(KEY))
    other = await api.create(**{"key": "menu"} | change, headers=dict(KEY))
    assert refusal(other) == (422, "idempotency_key_reused")
    said = await api.comment("menu", headers=dict(KEY))
    assert refusal(said) == (422, "idempotency_key_reused")


async def test_keys_of_two_people_have_nothing_to_do_with_each_other(api: Api):
    first = await api.create(None, by="ana", headers=dict(KEY))
    second = await api.create(None, by="ben", headers=dict(KEY))
    assert first.json()["key"] != second.json()["key"]


async def test_a_refusal_is_not_remembered(api: Api):
    await api.create("menu")
    assert refusal(await api.create("menu", headers=dict(KEY)))[0] == 409
    await api.delete("menu", 1)
    assert (await api.create("menu", headers=dict(KEY))).status_code == 201


async def test_an_answer_is_remembered_for_24_hours_and_no_longer(api: Api, database: Database):
    first = await api.create(None, headers=dict(KEY))
    now = datetime.now(UTC)
    await housekeeping.purge(database, now + timedelta(hours=23, minutes=59))
    assert (await api.create(None, headers=dict(KEY))).json() == first.json()
    await housekeeping.purge(database, now + timedelta(hours=24, seconds=5))
    assert (await api.create(None, headers=dict(KEY))).json() != first.json()


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a b", "ä"])
async def test_a_key_outside_the_limits_is_refused(api: Api, key):
    answer = await api.create(None, headers={"Idempotency-Key": key.encode()})
    assert refusal(answer) == (422, "invalid_idempotency_key")
    assert answer.json()["limit"] == 255


async def announced(database: Database) -> int:
    """How many events ever were; the relay takes them away as they come."""
    async with database.statements() as connection:
        return (
            await connection.execute(text("SELECT last_value FROM outbox_seq_seq"))
        ).scalar_one()


async def test_a_repeated_save_is_one_save_and_gets_the_first_answer(
    api: Api, database: Database
):
    await api.create("menu")
    first = await api.edit("menu", 1, "Monday", "*Tea*", headers=dict(KEY))
    said = await announced(database)
    second = await api.edit("menu", 1, "Monday", "*Tea*", headers=dict(KEY))
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json() == first.json()
    assert second.headers["etag"] == first.headers["etag"] == '"2"'
    assert (await api.get("/notes/menu")).json() == first.json()
    assert await announced(database) == said


async def test_a_repeated_save_is_never_a_conflict_whatever_became_of_the_note(api: Api):
    await api.create("menu")
    first = await api.edit("menu", 1, "Monday", headers=dict(KEY))
    await api.edit("menu", 2, "Ben's", by="ben")
    assert (await api.edit("menu", 1, "Monday", headers=dict(KEY))).json() == first.json()
    await api.delete("menu", 3)
    assert (await api.edit("menu", 1, "Monday", headers=dict(KEY))).json() == first.json()


async def test_concurrent_repeats_of_a_save_are_one_save_and_get_one_answer(
    api: Api, database: Database
):
    await api.create("menu")
    said = await announced(database)
    answers = await asyncio.gather(
        *(api.edit("menu", 1, "Monday", headers=dict(KEY)) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert (await api.get("/notes/menu")).json()["version"] == 2
    assert await announced(database) == said + 2  # to the list, and to the note


async def test_repeats_of_a_save_that_waits_for_its_note_are_one_save(
    api: Api, database: Database
):
    await api.create("menu")
    async with database.transaction() as holder:
        await holder.execute(select(notes.c.id).with_for_update())
        waiting = [
            asyncio.create_task(api.edit("menu", 1, "Monday", headers=dict(KEY)))
            for _ in range(3)
        ]
        done, _ = await asyncio.wait(waiting, timeout=0.3)
        assert not done
    answers = await asyncio.gather(*waiting)
    assert {(answer.status_code, answer.json()["version"]) for answer in answers} == {(200, 2)}


@pytest.mark.parametrize(
    ("version", "change"),
    [(1, {"title": "Other"}), (1, {"body": "Other"}), (2, {})],
    ids=["title", "text", "version"],
)
async def test_a_key_of_a_save_is_not_used_for_another_one(api: Api, version: int, change):
    await api.create("menu")
    await api.edit("menu", 1, "Monday", headers=dict(KEY))
    again = {"title": "Monday"} | change
    other = await api.edit("menu", version, headers=dict(KEY), **again)
    assert refusal(other) == (422, "idempotency_key_reused")
    assert (await api.get("/notes/menu")).json()["version"] == 2


async def test_a_key_of_a_save_is_of_one_note_and_of_one_kind_of_request(api: Api):
    await api.create("menu")
    await api.create("list")
    await api.edit("menu", 1, headers=dict(KEY))
    for other in (
        await api.edit("list", 1, headers=dict(KEY)),
        await api.create(None, headers=dict(KEY)),
        await api.comment("menu", headers=dict(KEY)),
    ):
        assert refusal(other) == (422, "idempotency_key_reused")
    assert (await api.get("/notes/list")).json()["version"] == 1


async def test_a_refused_save_is_not_remembered(api: Api):
    await api.create("menu")
    await api.edit("menu", 1, "Ben's", by="ben")
    assert refusal(await api.edit("menu", 1, headers=dict(KEY)))[0] == 412
    assert (await api.edit("menu", 2, headers=dict(KEY))).json()["version"] == 3


async def test_a_save_is_remembered_for_24_hours_and_without_its_text(
    api: Api, database: Database
):
    await api.create("menu")
    await api.edit("menu", 1, body="secret soup", headers=dict(KEY))
    async with database.transaction() as connection:
        kept = (await connection.execute(select(idempotency_keys.c.answer))).scalar_one()
        assert "body" not in kept
        assert "html" not in kept
        yesterday = datetime.now(UTC) - timedelta(hours=24, seconds=5)
        await connection.execute(update(idempotency_keys).values(created_at=yesterday))
    # The key is free again, though nobody has cleared it away yet.
    assert (await api.edit("menu", 2, headers=dict(KEY))).json()["version"] == 3
    assert (await api.edit("menu", 2, headers=dict(KEY))).json()["version"] == 3


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a b"])
async def test_a_key_outside_the_limits_saves_nothing(api: Api, key: str):
    await api.create("menu")
    answer = await api.edit("menu", 1, headers={"Idempotency-Key": key})
    assert refusal(answer) == (422, "invalid_idempotency_key")


async def test_a_repeated_return_from_the_trash_gets_the_first_answer(api: Api):
    await api.create("menu")
    await api.delete("menu", 1)
    first = await api.restore("menu", headers=dict(KEY))
    second = await api.restore("menu", headers=dict(KEY))
    assert (second.status_code, second.json()) == (200, first.json())
    assert refusal(await api.restore("menu")) == (409, "note_exists")


async def test_repeated_deletions_do_nothing_more_and_tell_who_deleted(api: Api):
    await api.create("menu")
    said = (await api.comment("menu")).json()["id"]
    path = f"/notes/menu/comments/{said}"
    assert (await api.send("DELETE", path)).status_code == 204
    assert refusal(await api.send("DELETE", path)) == (404, "comment_not_found")
    assert (await api.delete("menu", 1)).status_code == 204
    again = await api.delete("menu", 1)
    assert refusal(again) == (410, "note_deleted")
    assert again.json()["by"]["id"] == "id-of-ana"
