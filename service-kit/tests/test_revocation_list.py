"""Tokens that were taken back: contracts/revocations.md, the reading side."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from local_stack.ports import free_port
from local_stack.valkey import Valkey
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from service_kit.tokens import Identity, Revocations


def connect(url: str) -> Redis:
    retry = Retry(NoBackoff(), 0)
    return Redis.from_url(url, protocol=2, socket_timeout=0.25, retry=retry)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(redis_url) as redis:
        yield redis


@pytest.fixture
def unread() -> Counter:
    return Counter("unread", "", registry=None)


def bearer(generation: int = 3) -> Identity:
    return Identity(
        user_id="ana",
        name="Ana",
        roles=frozenset({"editor"}),
        session_id="s1",
        generation=generation,
        expires_at=time.time() + 300,
    )


async def test_a_token_is_good_while_nothing_was_taken_back(
    redis: Redis, unread: Counter
) -> None:
    await redis.mset({"revoked:session:s2": "1", "revoked:account:ben": "9"})
    assert not await Revocations(redis, unread).is_revoked(bearer())


async def test_an_ended_session_covers_its_tokens(redis: Redis, unread: Counter) -> None:
    await redis.set("revoked:session:s1", "1")
    assert await Revocations(redis, unread).is_revoked(bearer())


@pytest.mark.parametrize(("made_in", "is_refused"), [(2, True), (3, False), (4, False)])
async def test_an_account_refuses_tokens_of_generations_before_the_one_it_names(
    redis: Redis, unread: Counter, made_in: int, is_refused: bool
) -> None:
    await redis.set("revoked:account:ana", "3")
    assert await Revocations(redis, unread).is_revoked(bearer(made_in)) is is_refused


async def test_while_redis_is_away_tokens_pass_are_counted_and_redis_has_a_rest(
    redis: Redis, unread: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    async with connect(f"redis://127.0.0.1:{free_port()}") as nowhere:
        revocations = Revocations(nowhere, unread, rest_seconds=60)
        assert [await revocations.is_revoked(bearer()) for _ in range(3)] == [False] * 3
    assert unread._value.get() == 3
    assert len(caplog.records) == 1


@pytest.mark.slow
async def test_when_redis_is_back_it_is_asked_again(tmp_path: Path, unread: Counter) -> None:
    valkey = Valkey(tmp_path)
    valkey.start()
    async with connect(valkey.url) as redis:
        revocations = Revocations(redis, unread, rest_seconds=0)
        assert not await revocations.is_revoked(bearer())
        valkey.stop()
        assert not await revocations.is_revoked(bearer())
        valkey.start()
        await redis.set("revoked:session:s1", "1")
        assert await revocations.is_revoked(bearer())
    valkey.stop()
