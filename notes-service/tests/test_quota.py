"""One person writes so much in a day and no more; what is refused is not counted."""

import asyncio
from datetime import timedelta

import pytest
from note_api import Api, refusal
from note_builders import NOON
from note_tokens import Issuer
from notes_service import app as application
from notes_service.domain.errors import QuotaSpent
from notes_service.settings import Settings
from notes_service.store.database import Database
from notes_service.use_cases.quota import Quota

LARGE = "x" * 254_000


@pytest.fixture
def settings(notes_url: str, redis_url: str, issuer: Issuer) -> Settings:
    given = {"database_url": notes_url, "redis_url": redis_url, "jwks_url": issuer.url}
    return Settings.model_validate(given | {"daily_mib": 1})


@pytest.mark.slow
async def test_one_person_is_stopped_with_words_and_nobody_else_is(api: Api):
    answers = [await api.create(f"n{number}", body=LARGE) for number in range(6)]
    assert [answer.status_code for answer in answers] == [201] * 4 + [429] * 2
    assert refusal(answers[-1]) == (429, "quota_spent")
    assert answers[-1].json()["limit"] == 2**20
    assert "1 MiB a day" in answers[-1].json()["detail"]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 86_401
    edited = await api.edit("n0", 1, body=LARGE)
    assert refusal(edited) == (429, "quota_spent")
    restored = await api.send("POST", "/notes/n0/versions/1/restore", version=1)
    assert refusal(restored) == (429, "quota_spent")
    assert (await api.create("small", body="a few words fit")).status_code == 201
    assert (await api.create("bens", by="ben", body=LARGE)).status_code == 201


@pytest.mark.slow
async def test_what_comes_back_from_the_trash_counts_as_it_is_stored_again(api: Api):
    await api.create("menu", body=LARGE)
    for version in (1, 3, 5):
        await api.delete("menu", version)
        key = {"Idempotency-Key": str(version)}
        for _ in range(3):
            assert (await api.restore("menu", headers=dict(key))).status_code == 200
    await api.delete("menu", 7)
    assert refusal(await api.restore("menu")) == (429, "quota_spent")
    assert refusal(await api.get("/notes/menu")) == (410, "note_deleted")
    assert (await api.restore("menu", by="root", roles=("admin",))).status_code == 200


async def test_nothing_is_too_small_to_count(database: Database):
    quota = Quota(database, lambda: NOON, 1024)
    for _ in range(2):
        async with quota.reserve("ana", "a", "") as reservation:
            reservation.take()
    with pytest.raises(QuotaSpent):
        async with quota.reserve("ana", "a", "") as reservation:
            reservation.take()


async def test_much_at_once_does_not_get_past_it(database: Database):
    quota = Quota(database, lambda: NOON, 10_000)

    async def write() -> None:
        async with quota.reserve("ana", "x" * 3000) as reservation:
            reservation.take()
            await asyncio.sleep(0)

    ends = await asyncio.gather(*(write() for _ in range(8)), return_exceptions=True)
    assert [type(end) for end in ends if end] == [QuotaSpent] * 5


@pytest.mark.slow
async def test_a_save_that_was_made_is_answered_again_and_counted_once(api: Api):
    once = {"headers": {"Idempotency-Key": "one"}}
    assert (await api.create("a", body="a")).status_code == 201
    for _ in range(6):
        edited = await api.edit("a", 1, body=LARGE, headers={"Idempotency-Key": "two"})
        assert edited.status_code == 200
        made = await api.create("b", body=LARGE, **once)
        assert made.status_code == 201
    for number in range(2):
        assert (await api.create(f"n{number}", body=LARGE)).status_code == 201
    # Nothing is left of the day, and what was made is told as made.
    edited = await api.edit("a", 1, body=LARGE, headers={"Idempotency-Key": "two"})
    assert edited.status_code == 200


@pytest.mark.slow
async def test_what_is_refused_is_given_back(api: Api):
    await api.create("a", body="a")
    for _ in range(6):
        assert refusal(await api.edit("a", 9, body=LARGE))[0] == 412
        assert refusal(await api.create("a", body=LARGE))[0] == 409
        assert refusal(await api.edit("nowhere", 1, body=LARGE))[0] == 404
    assert (await api.create("b", body=LARGE)).status_code == 201


async def test_a_day_is_counted_by_all_processes_and_ends(database: Database):
    now = NOON
    one, two = (Quota(database, lambda: now, 10_000) for _ in range(2))
    async with one.reserve("ana", "x" * 6000) as reservation:
        reservation.take()
    await one.save()
    with pytest.raises(QuotaSpent) as refused:
        async with two.reserve("ana", "x" * 6000) as reservation:
            reservation.take()
    assert refused.value.retry_after == 14.5 * 3600 + 1
    async with two.reserve("ana", "x" * 4000) as reservation:
        reservation.take()
    await two.save()
    async with one.reserve("ana", "x") as reservation:
        reservation.take()  # not told yet what the other one counted
    await one.save()
    with pytest.raises(QuotaSpent):
        async with one.reserve("ana", "x") as reservation:
            reservation.take()
    now = NOON + timedelta(days=1)
    async with one.reserve("ana", "x" * 10_000) as reservation:
        reservation.take()


def test_the_bound_is_generous_unless_an_operator_says_otherwise() -> None:
    assert Settings.model_fields["daily_mib"].default == 12
    assert application.MAX_REQUEST_BYTES < 12 * 2**20
