"""One allowance, whether Redis answers, is late, or is away."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from late_redis import Way, way_to
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from users_service.app import connect_redis
from users_service.domain.errors import TooManyAttempts
from users_service.rate_limits.limits import WRONG_PASSWORDS, RateLimits

pytestmark = pytest.mark.slow

ADDRESS = "198.51.100.7"


class Replica:
    """Limits of one process, which has little patience with Redis; its clock stands still."""

    def __init__(self, redis: Redis) -> None:
        self.now = 0.0
        self._registry = CollectorRegistry()
        self._limits = RateLimits(
            redis,
            wrong_passwords_per_address=100,
            sign_ups_per_hour=60,
            registry=self._registry,
            clock=lambda: self.now,
        )

    async def guesses(self) -> bool:
        """Whether one more wrong password may be tried."""
        self.now += 1  # by then it asks Redis again
        try:
            await self._limits.admit_login("ivy", ADDRESS)
        except TooManyAttempts:
            return False
        return True

    async def guesses_all_it_may(self) -> int:
        return [await self.guesses() for _ in range(3 * WRONG_PASSWORDS)].count(True)

    async def is_right(self) -> None:
        assert await self.guesses()
        await self.forgives()

    async def forgives(self) -> None:
        await self._limits.forgive_login("ivy", ADDRESS)

    @property
    def alone(self) -> float | None:
        return self._registry.get_sample_value("users_limit_fallbacks_total")


@asynccontextmanager
async def replica(url: str, *, patience: float | None = None) -> AsyncIterator[Replica]:
    if patience is None:
        redis = connect_redis(url)
    else:
        redis = Redis.from_url(
            url, protocol=2, socket_timeout=patience, retry=Retry(NoBackoff(), 0)
        )
    yield Replica(redis)
    await redis.aclose()


def _weather(seed: int) -> Iterator[str]:
    chance = random.Random(seed)
    while True:
        yield chance.choice(["there", "late", "away"])


def _let_it_be(way: Way, weather: str) -> None:
    way.answers.set()
    way.is_open = True
    if weather == "late":
        way.answers.clear()
    elif weather == "away":
        way.close()


@pytest.mark.parametrize("seed", range(8))
async def test_ten_guesses_are_ten_whatever_redis_does_between_them(
    redis_url: str, seed: int
) -> None:
    weather = _weather(seed)
    async with way_to(redis_url) as (way, url), replica(url, patience=0.05) as one:
        admitted = []
        for _ in range(30):
            _let_it_be(way, next(weather))
            admitted.append(await one.guesses())
        assert admitted == [True] * 10 + [False] * 20


async def test_an_answer_that_takes_more_than_a_second_is_waited_for(redis_url: str) -> None:
    async with way_to(redis_url) as (way, url), replica(url) as one:
        assert await one.guesses()
        way.answers.clear()
        asyncio.get_running_loop().call_later(1.3, way.answers.set)
        assert await one.guesses()
        assert one.alone == 0


async def test_guesses_that_race_while_redis_is_late_are_ten_too(redis_url: str) -> None:
    async with way_to(redis_url) as (way, url), replica(url, patience=0.3) as one:
        assert await one.guesses()
        way.answers.clear()
        asyncio.get_running_loop().call_later(0.15, way.answers.set)
        raced = await asyncio.gather(*(one.guesses() for _ in range(30)))
        assert raced.count(True) == 9
        assert await one.guesses_all_it_may() == 0


async def test_redis_learns_what_was_counted_while_it_was_away(redis_url: str) -> None:
    async with (
        way_to(redis_url) as (way, url),
        replica(url, patience=5) as one,
        replica(redis_url) as other,
    ):
        assert await other.guesses()
        assert await one.guesses()
        way.close()
        assert [await one.guesses() for _ in range(5)] == [True] * 5
        way.is_open = True
        assert await one.guesses()
        assert await other.guesses_all_it_may() == 2


async def test_what_another_replica_forgave_is_forgiven_here(redis_url: str) -> None:
    async with replica(redis_url) as one, replica(redis_url) as other:
        for _ in range(3):
            assert [await one.guesses() for _ in range(9)] == [True] * 9
            await other.is_right()
        assert await one.guesses_all_it_may() == 10


async def test_one_sign_in_waits_once_for_a_redis_that_hangs(redis_url: str) -> None:
    async with way_to(redis_url) as (way, url), replica(url, patience=0.05) as one:
        way.answers.clear()
        assert await one.guesses()
        await one.forgives()
        assert (way.came, one.alone) == (1, 2)
