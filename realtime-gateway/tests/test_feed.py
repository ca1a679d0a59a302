"""When a quiet channel is compared with its history, whatever the clock shows."""

import asyncio
from typing import Any, cast

import pytest
from realtime_gateway.delivery.fanout import Fanout, Member
from realtime_gateway.delivery.feed import IDLE_SECONDS, Feed
from realtime_gateway.delivery.stats import Stats
from realtime_gateway.protocol.position import StreamPosition
from service_kit.channel_log import Position

DELAY = 25.0


class Bus:
    is_connected = True
    generation = 0

    def __init__(self) -> None:
        self.unfollowed: list[bytes] = []

    def unfollow(self, keys: list[bytes]) -> None:
        self.unfollowed += keys

    def hears(self, _: bytes) -> bool:
        return True


class Log:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def pubsub_channel(self, name: str) -> str:
        return name

    async def renew(self, names: list[str]) -> None:
        pass

    async def tops(self, names: list[str]) -> list[Position]:
        self.asked += names
        return [Position(0, "e") for _ in names]


def a_feed(fanout: Fanout, bus: Bus, log: Log) -> Feed:
    return Feed(
        fanout, cast(Any, bus), cast(Any, log), Stats(), check_delay=DELAY, catch_up_bytes=0
    )


def a_fanout() -> Fanout:
    return Fanout(Stats(), key_of=str.encode, on_gap=print, on_other=print)


@pytest.mark.parametrize("began", [0.0, 1_000_000.0])
async def test_a_page_that_reloads_finds_its_channel_warm(began: float) -> None:
    fanout, bus = a_fanout(), Bus()
    feed = a_feed(fanout, bus, Log())
    member = cast(Member, object())
    channel = fanout.open("notes:soup", is_tracked=True)
    channel.settle(StreamPosition(0, "e"), [])
    channel.members[member] = None
    fanout.hub.leave("notes:soup", member, began)
    feed.maintain(began + IDLE_SECONDS - 0.1)
    assert bus.unfollowed == []
    feed.maintain(began + IDLE_SECONDS)
    assert bus.unfollowed == [b"notes:soup"]


@pytest.mark.parametrize("began", [0.0, 0.5, 1_000_000.0])
async def test_a_quiet_channel_is_compared_each_delay_however_long_the_machine_has_run(
    began: float,
) -> None:
    fanout, log = a_fanout(), Log()
    feed = a_feed(fanout, Bus(), log)
    channel = fanout.open("notes:soup", is_tracked=True)
    channel.settle(StreamPosition(0, "e"), [])
    channel.members[cast(Member, object())] = None
    asked = []
    for now in (0.0, DELAY - 1, DELAY, 2 * DELAY - 1, 2 * DELAY):
        feed.maintain(began + now)
        await asyncio.gather(*feed._comparing)
        asked.append(len(log.asked))
    assert asked == [0, 0, 1, 1, 2]
