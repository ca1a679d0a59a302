"""T16: brute force is stopped, and cannot be used to lock the owner out."""

import asyncio

import httpx
import pytest
from local_stack.valkey import Valkey
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from users_running import KEY, PASSWORD, Service, running, some_settings
from users_service.app import connect_redis, routed
from users_service.domain.errors import TooManyAttempts
from users_service.rate_limits import counters, limits
from users_service.rate_limits.limits import RateLimits

OWNER, STRANGER = "192.0.2.1", "198.51.100.7"
NOWHERE = "redis://127.0.0.1:1"


async def sign_in(
    client: httpx.AsyncClient, password: str, username: str = "ivy", address: str | None = None
) -> httpx.Response:
    headers = {"X-Forwarded-For": address} if address else {}
    sent = {"username": username, "password": password}
    return await client.post("/v1/sessions", json=sent, headers=headers)


async def with_ivy(service: Service) -> None:
    sent = {"username": "ivy", "password": PASSWORD}
    made = await service.client(OWNER).post("/v1/accounts", json=sent)
    assert made.status_code == 201


@pytest.mark.parametrize("redis_is_there", [True, False])
async def test_ten_wrong_passwords_from_one_address_are_enough_and_the_owner_still_gets_in(
    users_database: str, redis_url: str, redis_is_there: bool
) -> None:
    url = redis_url if redis_is_there else NOWHERE
    async with running(some_settings(users_database, url)) as service:
        await with_ivy(service)
        service.app = routed(service.registry, ready=service.ready)
        stranger, owner = service.client(STRANGER), service.client(OWNER)
        statuses = [(await sign_in(stranger, "wrong")).status_code for _ in range(20)]
        assert statuses == [401] * 10 + [429] * 10
        refused = await sign_in(stranger, PASSWORD)
        assert refused.status_code == 429
        assert refused.json()["code"] == "too_many_attempts"
        assert 0 < int(refused.headers["retry-after"]) <= 900
        assert (await sign_in(owner, PASSWORD)).status_code == 201
        metrics = (await owner.get("/metrics")).text
        fell_back = "users_limit_fallbacks_total 0.0" not in metrics
        assert fell_back is not redis_is_there
        ready = await owner.get("/ready")
        assert (ready.status_code, ready.json()["checks"]["redis"]) == (200, redis_is_there)


async def test_a_spoofed_forwarded_address_changes_nothing(service: Service) -> None:
    await with_ivy(service)
    stranger = service.client(STRANGER)
    statuses = [
        (await sign_in(stranger, "wrong", address=f"203.0.113.{n}")).status_code
        for n in range(12)
    ]
    assert statuses == [401] * 10 + [429] * 2


async def test_behind_web_each_browser_counts_for_itself(service: Service) -> None:
    await with_ivy(service)
    web = service.client("10.0.0.5", auth=KEY)
    for _ in range(10):
        assert (await sign_in(web, "wrong", address=STRANGER)).status_code == 401
    assert (await sign_in(web, PASSWORD, address=STRANGER)).status_code == 429
    assert (await sign_in(web, PASSWORD, address=OWNER)).status_code == 201


async def test_unknown_names_are_limited_like_known_ones(service: Service) -> None:
    stranger = service.client(STRANGER)
    statuses = [(await sign_in(stranger, "x", "nobody")).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]


async def test_another_spelling_of_a_name_is_no_second_chance(service: Service) -> None:
    await with_ivy(service)
    stranger = service.client(STRANGER)
    for name in ["ivy", "IVY", "Ivy", "ｉｖｙ", "iVy"] * 2:
        assert (await sign_in(stranger, "wrong", name)).status_code == 401
    assert (await sign_in(stranger, "wrong", "iVY")).status_code == 429


async def test_the_right_password_forgets_the_wrong_ones(service: Service) -> None:
    await with_ivy(service)
    owner = service.client(OWNER)
    for _ in range(3):
        for _ in range(9):
            assert (await sign_in(owner, "wrong")).status_code == 401
        assert (await sign_in(owner, PASSWORD)).status_code == 201


async def test_racing_guesses_get_no_more_tries_than_patient_ones(service: Service) -> None:
    await with_ivy(service)
    stranger = service.client(STRANGER)
    answers = await asyncio.gather(*(sign_in(stranger, "wrong") for _ in range(30)))
    assert sum(answer.status_code == 401 for answer in answers) == 10


async def test_one_address_does_not_try_many_accounts(
    users_database: str, redis_url: str
) -> None:
    settings = some_settings(users_database, redis_url, wrong_passwords_per_address=15)
    async with running(settings) as service:
        stranger = service.client(STRANGER)
        names = [f"name{n}" for n in range(16)]
        statuses = [(await sign_in(stranger, "x", name)).status_code for name in names]
        assert statuses == [401] * 15 + [429]


async def test_a_program_of_the_original_is_refused_only_for_the_browser_it_names(
    service: Service, original: httpx.AsyncClient
) -> None:
    await with_ivy(service)
    sent = {"username": "ivy", "password": "wrong"}
    for _ in range(12):  # it has one address for all its people
        assert (await original.post("/password-check", json=sent)).status_code == 200
    said = {"X-Forwarded-For": STRANGER}
    for _ in range(10):
        answer = await original.post("/password-check", json=sent, headers=said)
        assert answer.json()["check"] is False
    refused = await original.post("/password-check", json=sent, headers=said)
    assert (refused.status_code, refused.json()["code"]) == (429, "TooManyRequests")
    assert int(refused.headers["retry-after"]) > 0


class StoppedClock:
    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


def some_limits(redis: Redis, clock: StoppedClock) -> RateLimits:
    return RateLimits(
        redis,
        wrong_passwords_per_address=100,
        sign_ups_per_hour=60,
        registry=CollectorRegistry(),
        clock=clock,
    )


@pytest.mark.parametrize("redis_is_there", [True, False])
async def test_many_wrong_passwords_from_everywhere_slow_an_account_and_never_lock_it(
    redis_url: str, redis_is_there: bool
) -> None:
    redis = connect_redis(redis_url if redis_is_there else NOWHERE)
    counting = some_limits(redis, StoppedClock())
    pauses = [await counting.admit_login("ivy", f"198.51.{n}.1") for n in range(100)]
    assert pauses[:30] == [0] * 30
    assert pauses == sorted(pauses)
    assert pauses[-1] == 2.0
    assert await counting.admit_login("ivy", None) == 2.0
    assert await counting.admit_login("bob", "198.51.1.1") == 0
    await redis.aclose()


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("not an address", "neither is this", True),
    ],
)
async def test_a_customers_whole_ipv6_network_is_one_address(
    one: str, other: str, together: bool
) -> None:
    redis = connect_redis(NOWHERE)
    counting = some_limits(redis, StoppedClock())
    for _ in range(limits.WRONG_PASSWORDS):
        await counting.admit_login("ivy", one)
    if together:
        with pytest.raises(TooManyAttempts):
            await counting.admit_login("ivy", other)
    else:
        await counting.admit_login("ivy", other)
    await redis.aclose()


async def test_without_redis_a_window_ends_too_and_memory_is_bounded() -> None:
    redis = connect_redis(NOWHERE)
    clock = StoppedClock()
    counting = some_limits(redis, clock)
    for _ in range(limits.WRONG_PASSWORDS):
        await counting.admit_login("ivy", OWNER)
    with pytest.raises(TooManyAttempts) as refusal:
        await counting.admit_login("ivy", OWNER)
    assert refusal.value.retry_after == limits.LOGIN_WINDOW_SECONDS
    clock.time += limits.LOGIN_WINDOW_SECONDS
    await counting.admit_login("ivy", OWNER)
    await redis.aclose()
    own = counters._OwnCounters(clock)
    for n in range(11_000):
        own.begin([counters.Rule(f"k{n}", 1, 60)])
    assert len(own._counters) == 10_000


async def test_redis_keeps_no_names_and_forgets_by_itself(
    service: Service, valkey: Valkey
) -> None:
    await sign_in(service.client(STRANGER), "wrong", "a-password-typed-as-a-name")
    redis = Redis.from_url(valkey.url)
    keys = await redis.keys("*")
    assert len(keys) == 3
    assert all(b"a-password" not in key for key in keys)
    assert all([0 < await redis.ttl(key) <= 900 for key in keys])
    await redis.aclose()
