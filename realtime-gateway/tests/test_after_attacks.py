"""After an attack a node is as it was within a minute: what it counts, what it holds in memory,
and its keys in Redis.

What it holds is looked at as a whole: every object of ours, and how much is in its containers.
"""

import asyncio
import gc
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway_process import KEEP, insecure
from in_process import Client, node
from realtime_gateway.app import Gateway
from realtime_gateway.delivery.histogram import Histogram
from realtime_gateway.delivery.pauses import Pauses
from realtime_gateway.delivery.stats import Stats
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from websockets.frames import Frame, Opcode

ATTACKERS = 50
# Figures grow by what they count and not by who asked; there is a bound to the pool's
# connections to Redis, and they stay.
_LEFT_OUT = (type, Stats, Histogram, Pauses, AbstractConnection)
_CONTAINERS = (dict, set, list, deque, bytearray)

Attack = Callable[[Client, int], None]


@pytest.fixture
async def gateway(tmp_path: Path, redis_url: str) -> AsyncIterator[Gateway]:
    options = insecure()
    options["channel"]["without_namespace"] = {**KEEP, "presence": True, "join_leave": True}
    async with node(tmp_path, redis_url, options) as gateway:
        yield gateway


def flood(client: Client, number: int) -> None:
    client.bring(b"\n".join([b'{"send":{}}'] * 5000))


def churn(client: Client, number: int) -> None:
    client.say(*_asked(number, "subscribe"), *_asked(number, "unsubscribe"))


def follow_everything(client: Client, number: int) -> None:
    client.say(*_asked(number, "subscribe"), *_asked(number, "presence"))


def read_everything(client: Client, number: int) -> None:
    client.say(*_asked(number, "history", limit=1), *_asked(number, "presence_stats"))


def begin_a_message(client: Client, number: int) -> None:
    whole = Frame(Opcode.TEXT, b"x" * 60_000, fin=False).serialize(mask=True)
    client.connection.data_received(whole + whole[:1000])


def say_nonsense(client: Client, number: int) -> None:
    client.bring(b'{"id":1,"subscribe":{"channel":' + b"[" * 5000)


def _asked(number: int, method: str, **more: Any) -> Iterator[dict[str, Any]]:
    for each in range(40):
        yield {"id": each + 2, method: {"channel": f"by-{number}-{each}", **more}}


def held() -> Counter[str]:
    """By class, how many there are; by attribute, how much is in them."""
    gc.collect()
    found: Counter[str] = Counter()
    for each in gc.get_objects():
        kind = type(each)
        if kind.__module__.startswith("realtime_gateway") and not isinstance(each, _LEFT_OUT):
            found[kind.__name__] += 1
            for name, value in _attributes(each):
                if isinstance(value, _CONTAINERS):
                    found[f"{kind.__name__}.{name}"] += _amount(value)
    return found


def _grown(before: Counter[str]) -> dict[str, int]:
    """By more than what the last one of them leaves in a variable of a task that waits."""
    return {name: by for name, by in (held() - before).items() if by > ATTACKERS // 10}


def _amount(value: Any) -> int:
    """Sets in a dict may be empty ones: the wheel's, until their time has come."""
    is_of_sets = isinstance(value, dict) and all(
        isinstance(each, set) for each in value.values()
    )
    return sum(map(len, value.values())) if is_of_sets else len(value)


def _attributes(each: Any) -> Iterator[tuple[str, Any]]:
    yield from getattr(each, "__dict__", {}).items()
    for kind in type(each).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(each, name):
                yield name, getattr(each, name)


async def lasting(redis_url: str) -> set[bytes]:
    """Keys that live for longer than a minute."""
    async with Redis.from_url(redis_url) as redis:
        keys = [key async for key in redis.scan_iter("gateway.*")]
        return {key for key in keys if not 0 <= await redis.ttl(key) <= 60}


@pytest.mark.parametrize(
    "attack",
    [flood, churn, follow_everything, read_everything, begin_a_message, say_nonsense],
    ids=lambda attack: attack.__name__,
)
async def test_promise_after_an_attack_a_node_is_as_it_was(
    gateway: Gateway, redis_url: str, attack: Attack
) -> None:
    before, tasks = held(), len(asyncio.all_tasks())
    kept = await lasting(redis_url)
    clients = [Client(gateway) for _ in range(ATTACKERS)]
    for number, client in enumerate(clients):
        await client.answer("connect")
        attack(client, number)
    await asyncio.sleep(0.1)  # some of it is done, and some is not
    for client in clients:
        client.go()
    del client, clients
    async with asyncio.timeout(60):  # the promise
        while _grown(before) or len(asyncio.all_tasks()) > tasks:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert await lasting(redis_url) - kept == set()
