"""What the history no longer holds is not recovered from memory, either."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from gateway_process import insecure
from in_process import Client, node, until
from realtime_gateway.app import Gateway
from redis.asyncio import Redis
from service_kit.channel_log import Position


@pytest.fixture
async def gateway(tmp_path: Path, redis_url: str) -> AsyncIterator[Gateway]:
    options = insecure()
    small = {"history_size": 2, "history_ttl": "60s", "force_recovery": True}
    options["channel"]["namespaces"] = [
        {"name": "small", **small},
        {"name": "last", **small, "force_recovery_mode": "cache"},
    ]
    async with node(tmp_path, redis_url, options) as gateway:
        yield gateway


async def published(gateway: Gateway, channel: str, count: int) -> Position:
    """The place after so many, which a member here has heard."""
    stays = Client(gateway)
    await stays.answer("connect")
    await stays.answer("subscribe", channel=channel)
    options = gateway.node.rules.channels.options(channel)
    assert options is not None
    for number in range(count):
        top = await gateway.node.publish(channel, options, b'{"data":%d}' % number)
    await until(lambda: gateway.fanout.hub.channels[channel].offset == count)
    return top


async def recovered(gateway: Gateway, channel: str, since: int, epoch: str) -> dict[str, Any]:
    comes = Client(gateway)
    await comes.answer("connect")
    reply = await comes.answer(
        "subscribe", channel=channel, recover=True, offset=since, epoch=epoch
    )
    found: dict[str, Any] = reply["subscribe"]
    return found


@pytest.mark.parametrize(
    ("since", "is_recovered"), [(0, False), (2, False), (3, True), (5, True)]
)
async def test_more_than_the_history_holds_is_not_recovered(
    gateway: Gateway, since: int, is_recovered: bool
) -> None:
    top = await published(gateway, "small:a", 5)
    found = await recovered(gateway, "small:a", since, top.epoch)
    assert found.get("recovered", False) is is_recovered
    numbers = [each["data"] for each in found.get("publications", [])]
    assert numbers == (list(range(since, 5)) if is_recovered else [])


@pytest.mark.parametrize(("name", "is_due"), [("small:a", 3), ("last:a", 0)])
async def test_what_the_history_has_forgotten_by_its_time_is_not_recovered(
    gateway: Gateway, redis_url: str, name: str, is_due: int
) -> None:
    top = await published(gateway, name, 5)
    assert (await recovered(gateway, name, is_due, top.epoch))["recovered"] is True
    channel = gateway.fanout.hub.channels[name]
    channel.heard_at -= 61
    channel.read_at -= 61
    async with Redis.from_url(redis_url) as redis:
        await redis.delete(f"gateway.stream.{{{name}}}")
    assert not (await recovered(gateway, name, is_due, top.epoch)).get("recovered", False)
    assert (await recovered(gateway, name, 5, top.epoch))["recovered"] is True


async def test_a_crowd_that_comes_back_reads_the_history_once(gateway: Gateway) -> None:
    top = await published(gateway, "small:a", 5)
    channel = gateway.fanout.hub.channels["small:a"]
    channel.heard_at -= 61
    before = gateway.stats.from_memory
    for _ in range(5):
        assert (await recovered(gateway, "small:a", 3, top.epoch))["recovered"] is True
    assert gateway.stats.from_memory - before >= 1
