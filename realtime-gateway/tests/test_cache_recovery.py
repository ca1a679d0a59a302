"""Recovery of the last publication alone (`force_recovery_mode: cache`), and one connection a
user.
"""

import asyncio
import time
from typing import Any

import jwt
import pytest
from gateway_process import GatewayProcess, StartGateway, insecure
from raw_client import RawClient
from realtime_gateway.delivery.channel import UNSURE, Channel
from realtime_gateway.protocol.position import StreamPosition

SECRET = "a-secret-of-at-least-32-bytes-for-tests"
CACHE = {
    "history_size": 1, "history_ttl": "10m", "force_recovery": True,
    "force_recovery_mode": "cache",
}  # fmt: skip


def options() -> dict[str, Any]:
    auto = {"name": "auto", **CACHE, "auto_cache_recover": True}
    return insecure() | {"channel": {"namespaces": [{"name": "last", **CACHE}, auto]}}


@pytest.fixture
def cache(start_gateway: StartGateway) -> GatewayProcess:
    return start_gateway(options()).wait_ready()


async def test_only_the_last_publication_is_recovered_however_many_were_missed(
    cache: GatewayProcess,
) -> None:
    place = cache.publish("last:a", 1)
    for number in range(2, 6):
        cache.publish("last:a", number)
    since = {"recover": True, "offset": 1, "epoch": place["epoch"]}
    async with RawClient(cache.ws_url) as first, RawClient(cache.ws_url) as second:
        await first.connect()
        found = await first.subscribe("last:a", **since)  # the history is asked
        assert found["recovered"] is True
        assert found["publications"] == [{"data": 5, "offset": 5}]
        await asyncio.to_thread(cache.publish, "last:a", 6)
        assert (await first.publication())["offset"] == 6
        await second.connect()
        found = await second.subscribe("last:a", **since)  # from memory
        assert found["publications"] == [{"data": 6, "offset": 6}]
        await second.ask("unsubscribe", channel="last:a")
        found = await second.subscribe("last:a", **since | {"offset": 6})
        assert found["recovered"] is True
        assert "publications" not in found


async def test_an_empty_cache_recovers_nothing(cache: GatewayProcess) -> None:
    async with RawClient(cache.ws_url) as client:
        await client.connect()
        found = await client.subscribe("last:empty", recover=True)
        assert found["was_recovering"] is True
        assert "recovered" not in found
        cache.publish("last:gone", 1)
        cache.api("history_remove", channel="last:gone")
        assert "recovered" not in await client.subscribe("last:gone", recover=True)


async def test_who_does_not_ask_gets_the_last_publication_only_if_so_configured(
    cache: GatewayProcess,
) -> None:
    cache.publish("last:a", "x")
    cache.publish("auto:a", "x")
    async with RawClient(cache.ws_url) as client:
        await client.connect()
        assert "publications" not in await client.subscribe("last:a")
        found = await client.subscribe("auto:a")
        assert found["publications"] == [{"data": "x", "offset": 1}]


def test_a_channel_knows_its_last_publication_or_that_it_has_to_ask() -> None:
    channel: Channel[str] = Channel("a", is_tracked=True)
    channel.settle(StreamPosition(0, "e"), [])
    assert channel.last(StreamPosition(0, "")) is None
    channel.receive(1, "e", b"{}")
    assert channel.last(StreamPosition(0, "")) == [(1, b"{}")]
    assert channel.last(StreamPosition(1, "e")) == []
    assert channel.last(StreamPosition(1, "old")) == [(1, b"{}")]
    channel.forget()
    assert channel.last(StreamPosition(0, "")) is UNSURE
    assert channel.last_from(StreamPosition(1, "e"), [(1, b"{}")]) == [(1, b"{}")]
    assert channel.last_from(StreamPosition(1, "e"), []) is None
    assert channel.last_from(StreamPosition(2, "e"), [(2, b"{}")]) is UNSURE


async def test_a_user_of_one_connection_takes_it_along_to_another_node(
    start_gateway: StartGateway,
) -> None:
    once = {
        "client": {
            "token": {"hmac_secret_key": SECRET},
            "subscribe_to_user_personal_channel": {"enabled": True, "single_connection": True},
        },
    }
    first, second = start_gateway(once).wait_ready(), start_gateway(once).wait_ready()
    until = int(time.time()) + 300
    tokens = {name: jwt.encode({"sub": name, "exp": until}, SECRET) for name in ("ann", "bob")}
    async with RawClient(first.ws_url) as old, RawClient(first.ws_url) as other:
        await old.connect(token=tokens["ann"])
        await other.connect(token=tokens["bob"])
        async with RawClient(second.ws_url) as new:
            await new.connect(token=tokens["ann"])
            assert await old.closed() == (3504, "connection limit")
            async with RawClient(second.ws_url) as newest:
                await newest.connect(token=tokens["ann"])
                assert await new.closed() == (3504, "connection limit")
                assert await newest.is_silent()
            assert await other.is_silent()
