"""Redis fails over to a replica behind the same address, as Sentinel with a proxy does it."""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from cuttable import relay
from gateway_process import StartGateway
from local_stack.valkey import Valkey
from raw_client import RawClient
from service_kit.channel_log import ChannelLog, HistoryOptions


@pytest.fixture
def pair(servers_dir: Path) -> Iterator[tuple[Valkey, Valkey]]:
    """A server, and its replica that has the same password."""
    folder = servers_dir / secrets.token_hex(4)
    first = Valkey(folder / "first", persist=False)
    second = Valkey(folder / "second", persist=False)
    for server in (first, second):
        server.start()
    password = str(redis.connection.parse_url(first.url)["password"])
    command(second, "CONFIG", "SET", "primaryauth", password)
    command(second, "CONFIG", "SET", "requirepass", password)
    with redis.Redis(port=second.port, password=password) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", first.port)
    yield first, second
    second.kill()
    first.kill()


def command(server: Valkey, *words: Any) -> Any:
    with redis.Redis.from_url(server.url) as client:
        return client.execute_command(*words)


async def replicated(there: redis.asyncio.Redis, offset: int) -> None:
    """The replica has so many publications, whatever WAIT says while it is being filled."""
    async with asyncio.timeout(30):
        while await there.hget("gateway.meta.{a}", "s") != b"%d" % offset:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_promoted_replica_at_the_same_address_is_caught_up_with(
    start_gateway: StartGateway, pair: tuple[Valkey, Valkey]
) -> None:
    first, second = pair
    password = str(redis.connection.parse_url(first.url)["password"])
    async with relay(first.url) as between:
        url = f"redis://:{password}@127.0.0.1:{between.port}/0"
        gateway = start_gateway(redis=url)
        await asyncio.to_thread(gateway.wait_ready, 60)
        async with RawClient(gateway.ws_url) as client:
            await client.connect()
            await client.subscribe("a")
            for number in range(1, 4):
                await asyncio.to_thread(gateway.publish, "a", number)
            async with redis.asyncio.Redis(port=second.port, password=password) as promoted:
                await replicated(promoted, 3)
                first.kill()
                await promoted.execute_command("REPLICAOF", "NO", "ONE")
            between.retarget(second.port)
            between.cut()
            await asyncio.to_thread(gateway.wait_ready, 60)
            await asyncio.to_thread(gateway.publish, "a", 4)
            got = [(await client.publication(20))["data"] for _ in range(4)]
            assert got == [1, 2, 3, 4]
            assert await client.is_silent()


@pytest.mark.parametrize("others", [1, 3, 5], ids=["fewer", "as many", "more"])
async def test_publications_that_a_failover_lost_are_noticed_whatever_took_their_offsets(
    start_gateway: StartGateway, pair: tuple[Valkey, Valkey], others: int
) -> None:
    first, second = pair
    password = str(redis.connection.parse_url(first.url)["password"])
    async with relay(first.url) as between:
        url = f"redis://:{password}@127.0.0.1:{between.port}/0"
        gateway = start_gateway(redis=url)
        await asyncio.to_thread(gateway.wait_ready, 60)
        async with RawClient(gateway.ws_url) as client:
            await client.connect()
            place = await client.subscribe("a")
            await asyncio.to_thread(gateway.publish, "a", "kept")
            promoted = f"redis://:{password}@127.0.0.1:{second.port}/0"
            async with redis.asyncio.Redis.from_url(promoted) as there:
                await replicated(there, 1)
                await there.execute_command("REPLICAOF", "NO", "ONE")
                for number in range(3):
                    await asyncio.to_thread(gateway.publish, "a", f"lost {number}")
                got = [(await client.publication())["data"] for _ in range(4)]
                assert got == ["kept", "lost 0", "lost 1", "lost 2"]
                first.kill()
                for number in range(others):
                    fragment = b'{"data":"other %d"}' % number
                    await ChannelLog(there).publish("a", fragment, HistoryOptions(300, 600))
            between.retarget(second.port)
            between.cut()
            told = (await client.receive(30))["push"]
            assert told["unsubscribe"] == {"code": 2500, "reason": "insufficient state"}
            since = {"recover": True, "offset": 4, "epoch": place["epoch"]}
            again = await client.subscribe("a", **since)
            assert "recovered" not in again
            assert again["offset"] == 1 + others
            assert again["epoch"] != place["epoch"]
            await asyncio.to_thread(gateway.publish, "a", "new")
            assert (await client.publication())["data"] == "new"
