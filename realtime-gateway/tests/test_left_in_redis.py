"""What strangers ask for is forgotten: a channel's position a minute later, and not before."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from gateway_process import KEEP, insecure
from in_process import Client, node, until
from realtime_gateway.app import Gateway
from redis.asyncio import Redis


@pytest.fixture
async def gateway(tmp_path: Path, redis_url: str) -> AsyncIterator[Gateway]:
    options = insecure(channel_position_check_delay="600s")
    options["channel"]["without_namespace"] = {**KEEP, "presence": True}
    async with node(tmp_path, redis_url, options) as gateway:
        yield gateway


async def test_what_was_only_read_is_gone_within_two_minutes(
    gateway: Gateway, redis_url: str
) -> None:
    client = Client(gateway)
    await client.answer("connect")
    async with Redis.from_url(redis_url) as redis:
        for number in range(50):
            channel = f"c{number}"
            await client.answer("subscribe", channel=channel)
            await client.answer("history", channel=channel, limit=1)
            await client.answer("presence", channel=channel)
            await client.answer("unsubscribe", channel=channel)
        await client.answer("history", channel="never-followed", limit=0)
        client.go()
        await gateway.presence.write()
        lives = [await redis.ttl(key) for key in await redis.keys("gateway.*")]
        assert lives
        assert all(0 < seconds <= 60 for seconds in lives), lives


async def test_a_position_lives_for_as_long_as_somebody_is_subscribed(
    gateway: Gateway, redis_url: str
) -> None:
    client = Client(gateway)
    await client.answer("connect")
    reply = await client.answer("subscribe", channel="quiet")
    async with Redis.from_url(redis_url) as redis:
        await redis.expire("gateway.meta.{quiet}", 10)
        gateway.feed.maintain(1e9)
        gateway.feed.maintain(1e9 + 41)
        async with asyncio.timeout(20):
            while await redis.ttl("gateway.meta.{quiet}") <= 10:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    gateway.fanout.flush()
    assert (await client.answer("history", channel="quiet"))["history"]["epoch"] == (
        reply["subscribe"]["epoch"]
    )


async def test_a_flush_is_told_to_those_who_are_subscribed(
    gateway: Gateway, redis_url: str
) -> None:
    client = Client(gateway)
    await client.answer("connect")
    await client.answer("subscribe", channel="quiet")
    async with Redis.from_url(redis_url) as redis:
        await redis.flushall()
    gateway.feed.maintain(1e9)
    gateway.feed.maintain(1e9 + 41)
    await until(lambda: any("unsubscribe" in each.get("push", {}) for each in client.heard()))
    assert client.heard()[-1]["push"]["unsubscribe"]["code"] == 2500
