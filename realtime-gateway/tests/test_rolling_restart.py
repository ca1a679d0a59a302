"""A rolling restart of three nodes under load: every client is back, nothing is lost."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from centrifuge import (
    Client,
    ClientEventHandler,
    PublicationContext,
    SubscribedContext,
    SubscriptionEventHandler,
)
from followers import ClientState, Publisher, balanced, quiet, running
from gateway_process import GatewayProcess, insecure
from redis.asyncio import Redis
from service_kit.channel_log import ChannelLog

pytestmark = pytest.mark.slow

OPTIONS = insecure(ping_interval="2s", pong_timeout="1s")
OPTIONS["shutdown"] = {"timeout": "10s", "drain_window": "1s"}
CHANNEL = "rolling"
FOLLOWERS = 30


@pytest.fixture
def nodes(tmp_path: Path, redis_url: str) -> Iterator[list[GatewayProcess]]:
    nodes = [GatewayProcess(tmp_path, OPTIONS, redis_url) for _ in range(3)]
    try:
        for node in nodes:
            node.wait_ready(60)
        yield nodes
    finally:
        for node in nodes:
            node.kill()


class Subscriber(SubscriptionEventHandler):
    def __init__(self) -> None:
        self.data: list[Any] = []
        self.subscribed: list[SubscribedContext] = []

    async def on_publication(self, ctx: PublicationContext) -> None:
        self.data.append(ctx.pub.data)

    async def on_subscribed(self, ctx: SubscribedContext) -> None:
        self.subscribed.append(ctx)


async def test_everybody_is_back_and_nothing_is_lost(
    nodes: list[GatewayProcess], tmp_path: Path, redis_url: str
) -> None:
    ports = [node.port for node in nodes]
    redis = Redis.from_url(redis_url)
    log = ChannelLog(redis)
    publisher = Publisher(log, CHANNEL, 0.02)
    async with balanced(ports) as url:
        followers = [ClientState(url, CHANNEL) for _ in range(FOLLOWERS)]
        official, heard = await _official(url)
        async with running(*followers):
            while not (all(f.log.epoch for f in followers) and heard.subscribed):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            async with running(publisher):
                codes = [await _replace(nodes, n, ports, tmp_path, redis_url) for n in range(3)]
            place, _ = await log.read(CHANNEL, limit=0)
            top = {"offset": place.offset, "epoch": place.epoch}
            await quiet(followers, top)
            async with asyncio.timeout(30):
                while len(heard.data) < place.offset:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        await official.disconnect()
        await asyncio.sleep(0.2)  # the SDK closes its sockets in the background
    await redis.aclose()
    assert codes == [0, 0, 0]
    wrong = [each for f in followers for each in f.log.verdict(publisher.published, top)]
    assert wrong == []
    assert [follower.log.began_anew for follower in followers] == [0] * FOLLOWERS
    assert sum(follower.connections for follower in followers) > FOLLOWERS
    assert len(heard.data) == place.offset
    assert publisher.published.wrong(place.epoch, dict(enumerate(heard.data, 1))) == []
    assert all(each.recovered for each in heard.subscribed[1:])


async def _official(url: str) -> tuple[Client, Subscriber]:
    client = Client(
        url, events=ClientEventHandler(), min_reconnect_delay=0.05, max_reconnect_delay=0.2
    )
    heard = Subscriber()
    subscription = client.new_subscription(CHANNEL, events=heard)
    await client.connect()
    await subscription.subscribe()
    return client, heard


async def _replace(
    nodes: list[GatewayProcess], number: int, ports: list[int], folder: Path, redis_url: str
) -> int:
    """A new node first, then the old one is drained, as orchestrators do; its exit status."""
    old = nodes[number]
    new = nodes[number] = GatewayProcess(folder, OPTIONS, redis_url)
    await asyncio.to_thread(new.wait_ready, 60)
    ports[ports.index(old.port)] = new.port
    return await asyncio.to_thread(old.stop)
