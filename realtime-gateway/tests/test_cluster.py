"""The gateway over a Redis Cluster: sharded pub/sub, failover, and slots that move."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from gateway_process import GatewayProcess, insecure
from raw_client import RawClient
from realtime_gateway.config.options import RedisOptions
from realtime_gateway.engine import broker
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException
from service_kit.channel_log import ChannelLog, HistoryOptions
from valkey_cluster import Server, ValkeyCluster, until

SECRET = "a-secret-of-at-least-32-bytes-for-tests"
CHANNELS = [f"shard-{number}" for number in range(12)]


@pytest.fixture(scope="module")
def cluster(servers_dir: Path) -> Iterator[ValkeyCluster]:
    found = ValkeyCluster(servers_dir / f"cluster-{secrets.token_hex(4)}")
    yield found
    found.stop()


@pytest.fixture(scope="module")
def gateway(
    cluster: ValkeyCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    options = insecure()
    options["engine"] = {"redis": {"cluster_address": cluster.seeds[:2]}}
    options["client"]["token"] = {"hmac_secret_key": SECRET, "check_revocations": True}
    running = GatewayProcess(tmp_path_factory.mktemp("gateway"), options, cluster.seeds[0])
    try:
        yield running.wait_ready(60)
    finally:
        running.kill()


@contextlib.asynccontextmanager
async def subscriber(gateway: GatewayProcess, *channels: str) -> AsyncIterator[RawClient]:
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        for channel in channels:
            await client.subscribe(channel)
        yield client


async def publications(client: RawClient, count: int) -> list[tuple[str, Any]]:
    pushes = [(await client.receive(20))["push"] for _ in range(count)]
    return [(push["channel"], push["pub"]["data"]) for push in pushes]


async def test_channels_of_all_shards_are_heard_and_recovered(
    cluster: ValkeyCluster, gateway: GatewayProcess
) -> None:
    assert len({cluster.owner(channel).port for channel in CHANNELS}) == 3
    async with subscriber(gateway, *CHANNELS) as client:
        for channel in CHANNELS:
            gateway.publish(channel, 1)
        assert sorted(await publications(client, 12)) == sorted((ch, 1) for ch in CHANNELS)
    places = {channel: gateway.publish(channel, 2) for channel in CHANNELS}
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        for channel, place in places.items():
            since = {"offset": place["offset"] - 1, "epoch": place["epoch"]}
            reply = await client.subscribe(channel, recover=True, **since)
            assert reply["recovered"]
            assert [each["data"] for each in reply["publications"]] == [2]
    history = gateway.api("history", channel=CHANNELS[0], limit=-1)["result"]
    assert [each["data"] for each in history["publications"]] == [1, 2]


async def test_a_service_publishes_batches_to_a_cluster_in_each_channels_order(
    cluster: ValkeyCluster, gateway: GatewayProcess
) -> None:
    async with subscriber(gateway, "batch-a", "batch-b") as client:
        batch = [(f"batch-{'ab'[n % 2]}", b'{"data":%d}' % n) for n in range(40)]
        async with RedisCluster.from_url(cluster.seeds[0]) as redis:
            log = ChannelLog(redis, sharded=True)  # type: ignore[arg-type]
            places = await log.publish_many(batch, HistoryOptions(100, 600))
        assert [place.offset for place in places] == [n // 2 + 1 for n in range(40)]
        got = await publications(client, 40)
        for name, first in (("batch-a", 0), ("batch-b", 1)):
            heard = [data for channel, data in got if channel == name]
            assert heard == list(range(first, 40, 2))


async def test_a_channel_whose_slot_moves_to_another_shard_loses_nothing(
    cluster: ValkeyCluster, gateway: GatewayProcess
) -> None:
    source = cluster.owner("moving")
    masters = [each for each in cluster.servers if each.role == "master"]
    target = next(each for each in masters if each is not source)
    async with subscriber(gateway, "moving") as client:
        gateway.publish("moving", 1)
        cluster.move_slot("moving", target)
        for number in range(2, 20):
            gateway.publish("moving", number)
            await asyncio.sleep(0.05)
        assert [data for _, data in await publications(client, 19)] == list(range(1, 20))
        assert await client.is_silent()


async def test_the_failover_of_a_shard_under_load_loses_nothing_or_tells(
    cluster: ValkeyCluster, gateway: GatewayProcess
) -> None:
    victim = cluster.owner("failing")
    other = next(c for c in CHANNELS if cluster.owner(c) is not victim)
    async with subscriber(gateway, "failing") as client, subscriber(gateway, other) as calm:
        acknowledged = asyncio.create_task(_publish_through(cluster, victim, gateway))
        heard, told = await _listen(client)
        assert heard == await acknowledged or told
        # The other shards were never disturbed.
        gateway.publish(other, "calm")
        assert (await publications(calm, 1))[0] == (other, "calm")
        assert await calm.is_silent()
    assert cluster.owner("failing") is not victim


async def _publish_through(
    cluster: ValkeyCluster, victim: Server, gateway: GatewayProcess
) -> list[int]:
    """Publish while the shard's master is killed; each number until it is acknowledged."""
    place = await asyncio.to_thread(gateway.publish, "failing", 0)
    for number in range(1, 60):
        if number == 20:
            victim.process.kill()
        while "error" in await asyncio.to_thread(  # noqa: ASYNC110 - another process heals
            gateway.api, "publish", channel="failing", data=number
        ):
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.02)
    await asyncio.to_thread(gateway.publish, "failing", "end")
    history = await asyncio.to_thread(gateway.api, "history", channel="failing", limit=-1)
    assert history["result"]["epoch"] == place["epoch"]
    until(lambda: gateway.api("info")["result"] is not None)
    return [each["data"] for each in history["result"]["publications"]]


async def _listen(client: RawClient) -> tuple[list[Any], bool]:
    """What arrived up to the end, and whether the client was told to recover."""
    heard: list[Any] = []
    while True:
        push = (await client.receive(30))["push"]
        if "unsubscribe" in push:
            return heard, True
        heard.append(push["pub"]["data"])
        if heard[-1] == "end":
            return heard, False


async def test_revoked_tokens_are_looked_up_on_all_shards(
    cluster: ValkeyCluster, gateway: GatewayProcess
) -> None:
    sessions = [f"s-{number}" for number in range(6)]
    async with RedisCluster.from_url(cluster.seeds[0]) as redis:
        for session in sessions[::2]:
            await redis.set(f"revoked:session:{session}", "1", ex=360)
    for number, session in enumerate(sessions):
        token = jwt.encode({"sub": f"user-{number}", "sid": session}, SECRET)
        async with RawClient(gateway.ws_url) as client:
            reply = await client.ask("connect", token=token)
            assert reply.get("error", {}).get("code") == (109 if number % 2 == 0 else None)


async def test_nodes_hear_each_other_and_presence_is_kept_on_a_cluster(
    cluster: ValkeyCluster, gateway: GatewayProcess, tmp_path: Path
) -> None:
    options = insecure()
    options["channel"]["without_namespace"] |= {
        "presence": True, "join_leave": True, "force_push_join_leave": True,
    }  # fmt: skip
    options["engine"] = {"redis": {"cluster_address": cluster.seeds[:2]}}
    other = GatewayProcess(tmp_path, options, cluster.seeds[0])
    try:
        other.wait_ready(60)
        async with asyncio.timeout(60):
            while len(other.api("info")["result"]["nodes"]) != 2:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        async with subscriber(other, "present") as client:
            join = (await client.receive())["push"]["join"]
            async with asyncio.timeout(30):
                while not (found := other.api("presence", channel="present")["result"]):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            assert list(found["presence"]) == [join["info"]["client"]]
    finally:
        other.kill()


@pytest.mark.parametrize(
    "said",
    [
        RedisClusterException("the cluster is not whole"),
        RuntimeError("the handler is closed"),
        AttributeError("'NoneType' object has no attribute 'writelines'"),
    ],
)
async def test_whatever_redis_py_says_of_a_lost_connection_is_a_connection_error(
    monkeypatch: pytest.MonkeyPatch, said: Exception
) -> None:
    async def fails(*_: object) -> None:
        raise said

    monkeypatch.setattr(RedisCluster, "execute_command", fails)
    nowhere = broker.commands(RedisOptions(cluster_address=("redis://127.0.0.1:1",)))
    with pytest.raises(RedisConnectionError):
        await nowhere.execute_command("PING")
