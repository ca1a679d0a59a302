"""POST requests that are repeated with their Idempotency-Key."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from note_api import Api, refusal
from notes_service import housekeeping
from notes_service.store.database import Database

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
