"""The channel log on a real Valkey: offsets, epochs, atomic reads, repeats, lost memory."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from service_kit.channel_log import ALL, NOWHERE, ChannelLog, HistoryOptions, Position

KEEP = HistoryOptions(size=5, ttl_seconds=60)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def log(redis: Redis) -> ChannelLog:
    return ChannelLog(redis, prefix="t")


def numbered(n: int) -> bytes:
    return b'{"data":%d}' % n


async def test_offsets_count_from_one_under_one_epoch(log: ChannelLog) -> None:
    first = await log.publish("news", numbered(1), KEEP)
    second = await log.publish("news", numbered(2), KEEP)
    assert (first.offset, second.offset) == (1, 2)
    assert first.epoch == second.epoch
    assert len(first.epoch) == 8


async def test_an_empty_channel_has_a_position_as_soon_as_it_is_read(log: ChannelLog) -> None:
    top, found = await log.read("news")
    assert (top.offset, found) == (0, [])
    assert await log.publish("news", numbered(1), KEEP) == Position(1, top.epoch)


async def test_a_read_answers_what_came_after_a_position(log: ChannelLog) -> None:
    positions = await log.publish_many([("news", numbered(n)) for n in (1, 2, 3)], KEEP)
    top, found = await log.read("news", since=positions[0], limit=ALL)
    assert top == positions[2]
    assert found == [(2, numbered(2)), (3, numbered(3))]


@pytest.mark.parametrize(
    ("since", "limit", "reverse", "expected"),
    [
        (None, 0, False, []),
        (None, 2, False, [1, 2]),
        (None, 2, True, [4, 3]),
        (1, 2, False, [2, 3]),
        (3, ALL, True, [2, 1]),
        (0, ALL, False, [1, 2, 3, 4]),
        (0, ALL, True, []),
        (1, ALL, True, []),
        (4, ALL, False, []),
        (9, ALL, False, []),
    ],
)
async def test_a_read_is_a_window(
    log: ChannelLog, since: int | None, limit: int, reverse: bool, expected: list[int]
) -> None:
    await log.publish_many([("news", numbered(n)) for n in (1, 2, 3, 4)], KEEP)
    after = None if since is None else Position(since, "any")
    top, found = await log.read("news", after, limit, reverse)
    assert top.offset == 4
    assert found == [(n, numbered(n)) for n in expected]


async def test_only_the_last_publications_are_kept(log: ChannelLog) -> None:
    await log.publish_many([("news", numbered(n)) for n in range(1, 9)], KEEP)
    _, found = await log.read("news")
    assert [offset for offset, _ in found] == [4, 5, 6, 7, 8]


async def test_a_batch_is_published_in_order_and_to_its_channels(log: ChannelLog) -> None:
    batch = [("a", numbered(1)), ("b", numbered(2)), ("a", numbered(3))]
    positions = await log.publish_many(batch, KEEP)
    assert [position.offset for position in positions] == [1, 1, 2]
    assert (await log.read("a"))[1] == [(1, numbered(1)), (2, numbered(3))]


async def test_a_batch_survives_a_server_that_forgot_the_script(
    log: ChannelLog, redis: Redis
) -> None:
    await log.publish("a", numbered(1), KEEP)
    await redis.script_flush()
    positions = await log.publish_many([("a", numbered(2)), ("a", numbered(3))], KEEP)
    assert [position.offset for position in positions] == [2, 3]


async def test_a_batch_that_fails_says_so(log: ChannelLog, redis: Redis) -> None:
    await redis.set("t.meta.{b}", "not a hash")
    with pytest.raises(Exception, match="WRONGTYPE"):
        await log.publish_many([("a", numbered(1)), ("b", numbered(2))], KEEP)


async def test_lost_memory_shows_as_a_new_epoch_and_a_clean_start(
    log: ChannelLog, redis: Redis
) -> None:
    before = await log.publish("news", numbered(1), KEEP)
    await redis.delete("t.meta.{news}")  # evicted, while the stream is still there
    after = await log.publish("news", numbered(2), KEEP)
    assert after.offset == 1
    assert after.epoch != before.epoch
    assert (await log.read("news"))[1] == [(1, numbered(2))]


async def test_a_repeated_idempotency_key_publishes_once(log: ChannelLog) -> None:
    first = await log.publish("news", numbered(1), KEEP, idempotency_key="k")
    again = await log.publish("news", numbered(1), KEEP, idempotency_key="k")
    other = await log.publish("news", numbered(2), KEEP, idempotency_key="l")
    assert (again, other.offset) == (first, 2)


async def test_a_publication_without_history_has_no_place(log: ChannelLog) -> None:
    assert await log.publish("news", numbered(1), None) == NOWHERE
    assert await log.publish("news", numbered(1), None, idempotency_key="k") == NOWHERE
    assert await log.publish("news", numbered(1), None, idempotency_key="k") == NOWHERE
    assert (await log.read("news"))[0].offset == 0


async def test_a_live_message_carries_kind_offset_epoch_and_time(
    log: ChannelLog, redis: Redis
) -> None:
    async with redis.pubsub(ignore_subscribe_messages=True) as pubsub:
        await pubsub.subscribe(log.pubsub_channel("news"))
        await pubsub.get_message(timeout=1)
        at = await log.publish("news", b'{"data":{"t":"a:b"}}', KEEP)
        await log.publish("news", numbered(2), None)
        kept, plain = [await _next_message(pubsub) for _ in range(2)]
    kind, offset, epoch, ms, fragment = kept.split(b":", 4)
    assert (kind, int(offset), epoch.decode()) == (b"p", at.offset, at.epoch)
    assert int(ms) > 1_700_000_000_000
    assert fragment == b'{"data":{"t":"a:b"}}'
    assert plain.startswith(b"p:0::")


async def test_tops_are_read_for_many_channels_and_make_no_log(log: ChannelLog) -> None:
    at = await log.publish("a", numbered(1), KEEP)
    empty, _ = await log.read("b")
    assert await log.tops(["a", "b", "c"]) == [at, empty, None]
    assert await log.tops([]) == []
    assert await log.tops(["c"]) == [None]


@pytest.mark.parametrize(
    "fragment", [b"", b"{}", b'"x"', b'{"data":\n1}', b' {"data":1}', b'{"data":1}\n']
)
async def test_what_would_break_a_frame_is_refused(log: ChannelLog, fragment: bytes) -> None:
    with pytest.raises(ValueError, match="fragment"):
        await log.publish("news", fragment, KEEP)


@pytest.mark.parametrize("channel", ["", "}x"])
async def test_a_channel_without_a_hash_tag_is_refused(log: ChannelLog, channel: str) -> None:
    with pytest.raises(ValueError, match="channel"):
        await log.publish(channel, numbered(1), KEEP)


def test_all_keys_of_a_channel_share_a_hash_tag(log: ChannelLog) -> None:
    assert log.pubsub_channel("notes:1") == "t.client.{notes:1}"
    with pytest.raises(ValueError, match="brace"):
        ChannelLog(Redis(), prefix="a{b")


async def test_a_server_that_is_away_is_an_error_of_the_client() -> None:
    async with Redis(port=1, retry=None) as away:
        with pytest.raises(RedisConnectionError):
            await ChannelLog(away).publish_many([("a", numbered(1))], KEEP)


async def test_concurrent_publishers_share_one_sequence(log: ChannelLog) -> None:
    positions = await asyncio.gather(*(log.publish("a", numbered(n), KEEP) for n in range(40)))
    assert sorted(position.offset for position in positions) == list(range(1, 41))


async def _next_message(pubsub: object) -> bytes:
    while True:
        message = await pubsub.get_message(timeout=1)  # type: ignore[attr-defined]
        if message is not None:
            return bytes(message["data"])


async def test_reading_what_nobody_has_published_to_is_remembered_for_a_minute(
    log: ChannelLog, redis: Redis
) -> None:
    for _ in range(2):
        await log.read("unheard-of")
        assert 55 < await redis.ttl("t.meta.{unheard-of}") <= 60


async def test_reading_does_not_make_what_was_published_live_longer_or_shorter(
    log: ChannelLog, redis: Redis
) -> None:
    await log.read("news")
    kept = HistoryOptions(size=5, ttl_seconds=60, meta_ttl_seconds=1000)
    at = await log.publish("news", numbered(1), kept)
    await redis.expire("t.meta.{news}", 500)
    assert (await log.read("news"))[0] == at
    await log.renew(["news"])
    assert 490 < await redis.ttl("t.meta.{news}") <= 500


async def test_the_first_publication_continues_the_position_that_was_read(
    log: ChannelLog, redis: Redis
) -> None:
    """Whoever has rendered a page from the position misses nothing when it connects."""
    rendered, _ = await log.read("news")
    at = await log.publish("news", numbered(1), KEEP)
    assert (rendered.offset, rendered.epoch) == (0, at.epoch)
    assert await redis.ttl("t.meta.{news}") > 86_400
    assert (await log.read("news", rendered))[1] == [(1, numbered(1))]


async def test_a_flush_between_rendering_and_connecting_shows_as_another_epoch(
    log: ChannelLog, redis: Redis
) -> None:
    rendered, _ = await log.read("news")
    await redis.flushall()
    await log.publish("news", numbered(1), KEEP)
    assert (await log.read("news", rendered))[0].epoch != rendered.epoch


async def test_positions_that_are_renewed_live_on(log: ChannelLog, redis: Redis) -> None:
    at, _ = await log.read("quiet")
    await redis.expire("t.meta.{quiet}", 5)
    await log.renew(["quiet", "never-read"])
    await log.renew([])
    assert 55 < await redis.ttl("t.meta.{quiet}") <= 60
    assert await log.tops(["quiet", "never-read"]) == [at, None]
