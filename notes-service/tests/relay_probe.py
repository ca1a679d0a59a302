"""What subscribers of a channel heard, and publishers that misbehave."""

import json
from typing import Any

from redis.asyncio import Redis
from service_kit.channel_log import ChannelLog, HistoryOptions

EVERYTHING = HistoryOptions(size=100_000, ttl_seconds=600)


async def heard(redis: Redis, channel: str) -> list[dict[str, Any]]:
    """All events in the channel's history, oldest first."""
    _, publications = await ChannelLog(redis).read(channel)
    return [json.loads(fragment)["data"] for _, fragment in publications]


def without_repeats(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each event once, where it was first heard."""
    once: dict[str, dict[str, Any]] = {}
    for event in events:
        once.setdefault(event["id"], event)
    return list(once.values())


class Publisher:
    """Remembers what it was given; dies after (or before) publishing as often as it is told."""

    def __init__(self, *, dies_after: int = 0, fails_before: int = 0) -> None:
        self.dies_after = dies_after
        self.fails_before = fails_before
        self.sent: list[dict[str, Any]] = []

    async def publish_many(self, publications: Any, _: Any) -> None:
        if self.fails_before:
            self.fails_before -= 1
            raise ConnectionError
        self.sent += [json.loads(fragment)["data"] for _, fragment in publications]
        if self.dies_after:
            self.dies_after -= 1
            raise KilledError


class KilledError(BaseException):
    """Stands for the end of the process: nothing in the relay catches it."""
