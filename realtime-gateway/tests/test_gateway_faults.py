"""Promise 3 as far as the gateway keeps it: after any fault heals, everybody has everything."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from gateway_process import GatewayProcess, StartGateway, insecure
from local_stack.valkey import Valkey
from raw_client import RawClient


@pytest.fixture
def own_valkey(servers_dir: Path) -> Iterator[Valkey]:
    """A Valkey that a test may stop, kill and empty."""
    server = Valkey(servers_dir / secrets.token_hex(4), persist=False)
    server.start()
    yield server
    server.stop()


def command(valkey: Valkey, *words: str) -> object:
    with redis.Redis.from_url(valkey.url) as client:
        return client.execute_command(*words)


def publish_unheard(
    gateway: GatewayProcess, valkey: Valkey, channel: str, data: object
) -> None:
    """As if Redis pub/sub had lost it: the history grows, nobody is told."""
    with redis.Redis.from_url(valkey.url) as client:
        offset = client.hincrby(f"gateway.meta.{{{channel}}}", "s", 1)
        client.xadd(f"gateway.stream.{{{channel}}}", {"d": f'{{"data":{data}}}'}, f"{offset}-0")


async def test_a_lost_message_is_delivered_as_soon_as_the_next_one_shows_the_hole(
    start_gateway: StartGateway, own_valkey: Valkey
) -> None:
    gateway = start_gateway(redis=own_valkey.url).wait_ready()
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe("a")
        gateway.publish("a", 1)
        publish_unheard(gateway, own_valkey, "a", 2)
        publish_unheard(gateway, own_valkey, "a", 3)
        gateway.publish("a", 4)
        assert [(await client.publication())["data"] for _ in range(4)] == [1, 2, 3, 4]
        assert await client.is_silent()
    assert gateway.metric("node_channel_gaps_total") == 1


async def test_a_lost_message_on_a_quiet_channel_is_found_by_comparing_positions(
    start_gateway: StartGateway, own_valkey: Valkey
) -> None:
    options = insecure(channel_position_check_delay="1s")
    gateway = start_gateway(options, redis=own_valkey.url).wait_ready()
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe("a")
        gateway.publish("a", 1)
        publish_unheard(gateway, own_valkey, "a", 2)
        assert [(await client.publication())["data"] for _ in range(2)] == [1, 2]


async def test_a_cut_pub_sub_connection_loses_nothing(
    start_gateway: StartGateway, own_valkey: Valkey
) -> None:
    gateway = start_gateway(redis=own_valkey.url).wait_ready()
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe("a")
        await client.subscribe("b")
        for round_ in range(5):
            command(own_valkey, "CLIENT", "KILL", "TYPE", "pubsub")
            gateway.publish("a", round_)
            gateway.publish("b", round_)
            got = [(await client.receive())["push"] for _ in range(2)]
            assert sorted((push["channel"], push["pub"]["data"]) for push in got) == [
                ("a", round_),
                ("b", round_),
            ]
        assert await client.is_silent()


async def test_a_redis_that_was_away_and_has_its_memory_is_caught_up_with(
    start_gateway: StartGateway, own_valkey: Valkey
) -> None:
    gateway = start_gateway(redis=own_valkey.url).wait_ready()
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe("a")
        gateway.publish("a", 1)
        command(own_valkey, "CLIENT", "KILL", "TYPE", "pubsub")
        publish_unheard(gateway, own_valkey, "a", 2)
        assert [(await client.publication())["data"] for _ in range(2)] == [1, 2]


async def test_a_redis_that_came_back_empty_makes_every_client_recover(
    start_gateway: StartGateway, own_valkey: Valkey
) -> None:
    gateway = start_gateway(redis=own_valkey.url).wait_ready()
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        place = await client.subscribe("a")
        gateway.publish("a", 1)
        await client.publication()
        own_valkey.kill()
        gateway.wait_until(503)
        assert gateway.metric("broker_redis_pub_sub_away") == 1
        own_valkey.start()
        push = (await client.receive(10))["push"]
        assert push == {
            "channel": "a",
            "unsubscribe": {"code": 2500, "reason": "insufficient state"},
        }
        reply = await client.subscribe("a", recover=True, offset=1, epoch=place["epoch"])
        assert "recovered" not in reply
        assert reply["epoch"] != place["epoch"]
        gateway.wait_ready()
        gateway.publish("a", 2)
        assert (await client.publication())["data"] == 2


async def test_an_emptied_redis_is_noticed_with_the_next_publication(
    start_gateway: StartGateway, own_valkey: Valkey
) -> None:
    gateway = start_gateway(redis=own_valkey.url).wait_ready()
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe("a")
        gateway.publish("a", 1)
        gateway.publish("a", 2)
        own_valkey.flush()
        gateway.publish("a", 3)
        assert [(await client.publication())["data"] for _ in range(2)] == [1, 2]
        assert (await client.receive())["push"]["unsubscribe"]["code"] == 2500


async def test_while_redis_is_away_subscribing_is_refused_for_now_only(
    start_gateway: StartGateway, own_valkey: Valkey
) -> None:
    gateway = start_gateway(redis=own_valkey.url).wait_ready()
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        own_valkey.kill()
        gateway.wait_until(503)
        for channel in ("a", "b"):
            error = (await client.ask("subscribe", channel=channel))["error"]
            assert (error["code"], error["temporary"]) == (100, True)
        assert (await client.ask("publish", channel="a", data=1))["error"]["code"] == 100
        assert gateway.api("publish", channel="a", data=1)["error"]["code"] == 100
        own_valkey.start()
        gateway.wait_ready()
        await client.subscribe("a")


async def test_connections_that_redis_closed_while_they_rested_cost_nobody_an_error(
    start_gateway: StartGateway, own_valkey: Valkey
) -> None:
    gateway = start_gateway(redis=own_valkey.url).wait_ready()
    async with AsyncExitStack() as stack:
        opened = [RawClient(gateway.ws_url) for _ in range(10)]
        clients = [await stack.enter_async_context(client) for client in opened]
        for client in clients:
            await client.connect()

        async def join_at_once(word: str) -> list[dict[str, Any]]:
            asked = (c.ask("subscribe", channel=f"{word}{n}") for n, c in enumerate(clients))
            return await asyncio.gather(*asked)

        await join_at_once("before")
        command(own_valkey, "CLIENT", "KILL", "TYPE", "normal")
        assert [answer.get("error") for answer in await join_at_once("after")] == [None] * 10


async def test_a_gateway_starts_without_redis_and_is_ready_when_it_comes(
    start_gateway: StartGateway, own_valkey: Valkey
) -> None:
    own_valkey.kill()
    gateway = start_gateway(redis=own_valkey.url).wait_until(503)
    own_valkey.start()
    gateway.wait_ready()


async def test_an_empty_channel_is_unsubscribed_from_after_a_while(
    start_gateway: StartGateway, own_valkey: Valkey
) -> None:
    gateway = start_gateway(redis=own_valkey.url).wait_ready()

    def followed() -> bool:
        return b"gateway.client.{a}" in command(own_valkey, "PUBSUB", "CHANNELS", "*{a}*")  # type: ignore[operator]

    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        await client.subscribe("a")
        assert followed()
        await client.ask("unsubscribe", channel="a")
        async with asyncio.timeout(30):
            while followed():  # noqa: ASYNC110 - another process forgets
                await asyncio.sleep(0.1)
        await client.subscribe("a")
        gateway.publish("a", 1)
        assert (await client.publication())["data"] == 1


async def test_more_channels_than_one_batch_survive_a_reconnect(
    start_gateway: StartGateway, own_valkey: Valkey
) -> None:
    many = insecure(channel_limit=2000, command_rate_limit=0)
    gateway = start_gateway(many, redis=own_valkey.url).wait_ready()
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        names = [f"c{number}" for number in range(1100)]
        for start in range(0, 1100, 100):
            await client.send(
                *({"id": 10 + start + n, "subscribe": {"channel": names[start + n]}}
                  for n in range(100))
            )  # fmt: skip
            for _ in range(100):
                assert "subscribe" in await client.receive(20)
        command(own_valkey, "CLIENT", "KILL", "TYPE", "pubsub")
        for name in names[::100]:
            gateway.publish(name, name)
        got = {(await client.publication())["data"] for _ in names[::100]}
        assert got == set(names[::100])


async def test_sigterm_sends_everybody_away_and_exits_with_zero(
    start_gateway: StartGateway, own_valkey: Valkey
) -> None:
    gateway = start_gateway(redis=own_valkey.url).wait_ready()
    async with RawClient(gateway.ws_url) as one, RawClient(gateway.ws_url) as two:
        await one.connect()
        await two.connect()
        ends = asyncio.gather(one.closed(), two.closed())
        code = await asyncio.to_thread(gateway.stop)
        assert await ends == [(3001, "shutdown"), (3001, "shutdown")]
    assert code == 0
