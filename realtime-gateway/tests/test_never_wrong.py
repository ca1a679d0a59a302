"""Never wrong: under any fault a subscriber's log has no gap, no repeat and no reordering, or
the subscriber was told to begin anew.

Short by default. GATEWAY_FAULT_SECONDS makes each run longer, GATEWAY_FAULT_SEED another.
"""

import asyncio
import os
import random
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from followers import ClientState, Publisher, balanced, quiet, running
from gateway_process import GatewayProcess, insecure
from local_stack.valkey import Valkey
from redis.asyncio import Redis
from service_kit.channel_log import ChannelLog
from subscriber_log import Published, SubscriberLog

SECONDS = float(os.environ.get("GATEWAY_FAULT_SECONDS", "8"))
SEED = int(os.environ.get("GATEWAY_FAULT_SEED", "1"))
CHANNELS = ("fault-a", "fault-b")
FOLLOWERS = 6
LIMITS = {"ping_interval": "2s", "pong_timeout": "1s", "recovery_max_publication_limit": 10_000}

pytestmark = [pytest.mark.long, pytest.mark.timeout(SECONDS + 150)]


class World:
    """Nodes and a Valkey, and everything that may be done to them."""

    def __init__(self, folder: Path, valkey: Valkey, nodes: int) -> None:
        self.valkey = valkey
        self.ports: list[int] = []
        self._folder = folder
        self._options = insecure(**LIMITS)
        self._options["channel"]["without_namespace"] |= {"history_size": 10_000}
        self.nodes = [self._start() for _ in range(nodes)]

    def wait_ready(self) -> None:
        for node in self.nodes:
            node.wait_ready(60)

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()

    async def kill_pub_sub(self, chance: random.Random) -> None:
        self._command("CLIENT", "KILL", "TYPE", "pubsub")

    async def kill_every_redis_client(self, chance: random.Random) -> None:
        self._command("CLIENT", "KILL", "TYPE", "pubsub")
        self._command("CLIENT", "KILL", "TYPE", "normal")

    async def kill_redis(self, chance: random.Random) -> None:
        self.valkey.kill()
        await asyncio.sleep(chance.uniform(0, 1))
        await asyncio.to_thread(self.valkey.start)

    async def pause_redis(self, chance: random.Random) -> None:
        self.valkey.process.pause()
        await asyncio.sleep(chance.uniform(0.5, 2))
        self.valkey.process.resume()

    async def kill_node(self, chance: random.Random) -> None:
        number = chance.randrange(len(self.nodes))
        self.nodes[number].kill()
        self.ports.remove(self.nodes[number].port)
        self.nodes[number] = self._start()

    async def pause_node(self, chance: random.Random) -> None:
        node = chance.choice(self.nodes)
        node.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(chance.uniform(1, min(10, max(2, SECONDS / 4))))
        node.process.send_signal(signal.SIGCONT)

    async def empty_redis(self, chance: random.Random) -> None:
        self.valkey.flush()

    async def replace_redis_by_an_empty_one(self, chance: random.Random) -> None:
        self.valkey.flush()
        await self.kill_redis(chance)

    def _start(self) -> GatewayProcess:
        node = GatewayProcess(self._folder, self._options, self.valkey.url)
        self.ports.append(node.port)
        return node

    def _command(self, *words: str) -> None:
        with redis.Redis.from_url(self.valkey.url) as client:
            client.execute_command(*words)


@pytest.fixture
def world(tmp_path: Path, servers_dir: Path) -> Iterator[World]:
    valkey = Valkey(servers_dir / secrets.token_hex(4), persist=True)
    valkey.start()
    world = World(tmp_path, valkey, nodes=2)
    try:
        world.wait_ready()
        yield world
    finally:
        world.stop()
        valkey.stop()


@asynccontextmanager
async def channel_log(world: World) -> AsyncIterator[ChannelLog]:
    client = Redis.from_url(world.valkey.url, socket_timeout=2, socket_connect_timeout=2)
    yield ChannelLog(client)
    await client.aclose()


async def test_faults_that_forget_nothing_lose_nothing(world: World) -> None:
    faults = [world.kill_pub_sub, world.kill_every_redis_client, world.kill_redis,
              world.pause_redis, world.kill_node, world.pause_node]  # fmt: skip
    logs = await suffer(world, faults)
    assert sum(log.recovered for log in logs) > 0, "nobody was disturbed"
    assert [log.began_anew for log in logs] == [0] * len(logs)


async def test_when_redis_forgets_every_subscriber_is_told(world: World) -> None:
    faults = [world.empty_redis, world.replace_redis_by_an_empty_one, world.kill_pub_sub,
              world.pause_node]  # fmt: skip
    logs = await suffer(world, faults)
    assert all(log.began_anew > 0 for log in logs)


async def suffer(world: World, faults: list[Any]) -> list[SubscriberLog]:
    """The logs after a time of faults and some quiet; they are all right, or this fails."""
    chance = random.Random(SEED)
    async with balanced(world.ports) as url, channel_log(world) as log:
        followers = {ch: [ClientState(url, ch) for _ in range(FOLLOWERS)] for ch in CHANNELS}
        publishers = {channel: Publisher(log, channel, 0.01) for channel in CHANNELS}
        everybody = [each for group in followers.values() for each in group]
        async with running(*everybody):
            async with running(*publishers.values()):
                await asyncio.sleep(1)
                await _torment(faults, chance)
            wrong = []
            for channel, publisher in publishers.items():
                await publisher.publish()  # shows the last gap, if there is one
                place, _ = await log.read(channel, limit=0)
                top = {"offset": place.offset, "epoch": place.epoch}
                await quiet(followers[channel], top)
                for follower in followers[channel]:
                    wrong += follower.log.verdict(publisher.published, top)
    assert wrong == [], f"seed {SEED}"
    return [each.log for each in everybody]


async def _torment(faults: list[Any], chance: random.Random) -> None:
    end = asyncio.get_running_loop().time() + SECONDS
    waiting: list[Any] = []
    while asyncio.get_running_loop().time() < end:
        if not waiting:
            waiting = chance.sample(faults, len(faults))  # each of them, in any order
        await waiting.pop()(chance)
        await asyncio.sleep(chance.uniform(0.1, 0.6))


@pytest.mark.parametrize("bug", ["loses", "repeats", "swaps"])
async def test_a_gateway_that_loses_repeats_or_swaps_would_be_found_out(
    world: World, bug: str
) -> None:
    held: list[Any] = []

    def damage(publication: dict[str, Any]) -> list[dict[str, Any]]:
        if publication["offset"] % 50 == 0:
            if bug == "swaps":
                held.append(publication)
            return [publication, publication] if bug == "repeats" else []
        return [publication, *(held.pop() for _ in list(held))]

    async with balanced(world.ports) as url, channel_log(world) as log:
        follower = ClientState(url, "planted", damage=damage)
        publisher = Publisher(log, "planted", 0)
        async with running(follower):
            while not follower.log.epoch:  # noqa: ASYNC110 - another process answers
                await asyncio.sleep(0.05)
            for _ in range(60):
                await publisher.publish()
            top = {"offset": 60, "epoch": follower.log.epoch}
            await quiet([follower], top, seconds=10)
        wrong = follower.log.verdict(publisher.published, top)
    assert any("came after" in each for each in wrong)


def test_the_verdict_knows_what_is_missing_at_the_end_and_what_never_was() -> None:
    log, published = SubscriberLog(), Published({("e", 1): "a", ("e", 2): "b"}, {"a", "b"})
    log.subscribed({"epoch": "e"})
    log.publication({"offset": 1, "data": "a"})
    assert log.verdict(published, {"offset": 1, "epoch": "e"}) == []
    assert "stands at" in log.verdict(published, {"offset": 2, "epoch": "e"})[0]
    log.publication({"offset": 2, "data": "a"})
    assert "which is another" in log.verdict(published, {"offset": 2, "epoch": "e"})[0]
    log.publication({"offset": 3, "data": "z"})
    assert "never published" in log.verdict(published, {"offset": 3, "epoch": "e"})[1]
