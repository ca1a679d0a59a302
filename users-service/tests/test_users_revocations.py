"""Access tokens are taken back before their end: contracts/revocations.md, the writing side."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from local_stack.ports import free_port
from redis.asyncio import Redis
from signing_in import Someone, join, sign_in
from users_running import PASSWORD, Service
from users_service import store
from users_service.app import connect_redis


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        yield redis


@pytest.fixture
async def boss(people: httpx.AsyncClient) -> Someone:
    return await join(people, "boss")


@pytest.fixture
async def ivy(people: httpx.AsyncClient, boss: Someone) -> Someone:
    return await join(people, "ivy")


async def generation(bearer: Someone) -> int:
    token = (await bearer("POST", "/v1/tokens")).json()["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    found: int = claims["gen"]
    return found


async def until_written(redis: Redis, key: str) -> str:
    for _ in range(500):
        value = await redis.get(key)
        if value is not None:
            return str(value)
        await asyncio.sleep(0.02)
    raise AssertionError(f"{key} is not written")


async def test_an_administrators_act_is_answered_when_the_tokens_are_dead(
    people: httpx.AsyncClient, boss: Someone, ivy: Someone, redis: Redis
) -> None:
    path, key = f"/v1/accounts/{ivy.id}", f"revoked:account:{ivy.id}"
    before = await generation(ivy)
    for act in (
        lambda: boss("PATCH", path, json={"role": "reader"}),
        lambda: boss("PATCH", path, json={"disabled": True}),
        lambda: boss("PATCH", path, json={"disabled": False}),
        lambda: boss("DELETE", f"{path}/sessions"),
        lambda: boss("DELETE", path),
    ):
        assert (await act()).is_success
        written = int(await redis.get(key))
        assert written > before
        assert 300 < await redis.ttl(key) <= 360
        before = written


async def test_the_token_of_the_next_sign_in_is_of_the_generation_that_is_good(
    people: httpx.AsyncClient, boss: Someone, ivy: Someone, redis: Redis
) -> None:
    await boss("PATCH", f"/v1/accounts/{ivy.id}", json={"role": "reader"})
    again = await sign_in(people, "ivy")
    assert await generation(again) == int(await redis.get(f"revoked:account:{ivy.id}"))


async def test_a_changed_password_takes_back_every_token_but_those_after_it(
    ivy: Someone, redis: Redis
) -> None:
    before = await generation(ivy)
    passwords = {"old_password": PASSWORD, "new_password": "another quiet river"}
    made = (await ivy("PUT", "/v1/account/password", json=passwords)).json()
    written = int(await until_written(redis, f"revoked:account:{ivy.id}"))
    assert before < written == await generation(replace(ivy, token=made["token"]))


async def test_an_ended_session_takes_back_its_own_tokens_only(
    people: httpx.AsyncClient, ivy: Someone, redis: Redis
) -> None:
    other = await sign_in(people, "ivy")
    ended, kept = await other.session_id(), await ivy.session_id()
    await ivy("DELETE", f"/v1/sessions/{ended}")
    assert await until_written(redis, f"revoked:session:{ended}") == "1"
    assert await redis.exists(f"revoked:session:{kept}", f"revoked:account:{ivy.id}") == 0


async def test_a_revoked_api_token_takes_back_the_tokens_it_was_traded_for(
    ivy: Someone, redis: Redis
) -> None:
    wanted = {"name": "script", "scopes": ["read"]}
    made = (await ivy("POST", "/v1/api-tokens", json=wanted)).json()
    await ivy("DELETE", f"/v1/api-tokens/{made['id']}")
    await until_written(redis, f"revoked:session:{made['id']}")


async def test_while_redis_is_away_acts_succeed_and_are_written_when_it_is_back(
    service: Service, boss: Someone, ivy: Someone, redis: Redis
) -> None:
    revocations = service.state["revocations"]
    nowhere = connect_redis(f"redis://127.0.0.1:{free_port()}")
    away = replace(revocations, redis=nowhere)
    account = uuid4()
    await announce(service, account, 3)
    await away.write_at_once()
    await nowhere.aclose()
    assert await until_written(redis, f"revoked:account:{account}") == "3"


async def test_a_lower_generation_that_comes_late_changes_nothing(
    service: Service, redis: Redis
) -> None:
    account = uuid4()
    for late in (10, 9, 11):
        await announce(service, account, late)
        await service.state["revocations"].write()
    assert await redis.get(f"revoked:account:{account}") == "11"


async def test_what_happened_longer_ago_than_any_token_lives_is_not_written(
    service: Service, redis: Redis
) -> None:
    account, revocations = uuid4(), service.state["revocations"]
    async with revocations.database.begin() as session:
        long_ago = service.clock().replace(year=2020)
        await store.session_ends.announce(session, account, None, generation=1, now=long_ago)
    await revocations.write()
    assert await redis.exists(f"revoked:account:{account}") == 0


async def announce(service: Service, account: UUID, generation: int) -> None:
    async with service.state["revocations"].database.begin() as session:
        await store.session_ends.announce(
            session, account, None, generation=generation, now=service.clock()
        )


async def test_one_that_redis_refuses_holds_up_no_other(service: Service, redis: Redis) -> None:
    spoiled, other = uuid4(), uuid4()
    await redis.lpush(f"revoked:account:{spoiled}", "not a generation")
    async with service.state["revocations"].database.begin() as session:
        now = service.clock()
        await store.session_ends.announce(session, spoiled, None, generation=1, now=now)
        await store.session_ends.announce(session, uuid4(), other, now=now)
    assert await until_written(redis, f"revoked:session:{other}") == "1"
    async with asyncio.timeout(20):
        while (await waiting(service)) != [None]:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.02)


async def waiting(service: Service) -> list[UUID | None]:
    """The sessions that Redis has not been told of, as others see it now."""
    async with service.state["revocations"].database() as session:
        rows = await store.session_ends.take_all(session, store.session_ends.Consumer.REDIS)
        return [row.session_id for row in rows]
