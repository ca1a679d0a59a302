"""What a reader asks of a channel's log when Redis may have failed over."""

from collections.abc import AsyncIterator

import pytest
from realtime_gateway.engine.log import Log
from redis.asyncio import Redis
from service_kit.channel_log import HistoryOptions

KEPT = HistoryOptions(10, 60)


@pytest.fixture
async def log(redis_url: str) -> AsyncIterator[Log]:
    async with Redis.from_url(redis_url, protocol=2) as redis:
        yield Log(redis)


async def test_the_last_publications_of_many_channels_are_read_at_once(log: Log) -> None:
    for number in range(3):
        await log.publish("a", b'{"data":%d}' % number, KEPT)
    assert await log.lasts(["a", "none"]) == [(3, b'{"data":2}'), None]


async def test_a_key_that_is_no_log_does_not_hide_the_others(log: Log, redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        await redis.set("gateway.stream.{odd}", "x")
    await log.publish("a", b'{"data":1}', KEPT)
    assert await log.lasts(["odd", "a"]) == [None, (1, b'{"data":1}')]


async def test_an_epoch_is_renewed_once_and_offsets_go_on(log: Log) -> None:
    before = await log.publish("a", b'{"data":1}', KEPT)
    await log.renew_epoch("a", before.epoch)
    between, _ = await log.read("a")
    await log.renew_epoch("a", before.epoch)
    after = await log.publish("a", b'{"data":2}', KEPT)
    assert (after.offset, after.epoch) == (2, between.epoch)
    assert between.epoch != before.epoch


async def test_a_log_that_is_not_there_gets_no_epoch(log: Log) -> None:
    await log.renew_epoch("none", "gone")
    assert await log.tops(["none"]) == [None]
