"""Channels that a client is put into without asking: by its token, or as the user's own."""

import asyncio
from typing import Any

import jwt
import pytest
from gateway_process import KEEP, GatewayProcess, StartGateway, insecure
from raw_client import RawClient

SECRET = "a secret of at least thirty-two bytes"


def token(user: str = "ann", **claims: Any) -> str:
    return jwt.encode({"sub": user, **claims}, SECRET, algorithm="HS256")


@pytest.fixture
def node(start_gateway: StartGateway) -> GatewayProcess:
    options = insecure(
        insecure=False,
        token={"hmac_secret_key": SECRET},
        channel_limit=3,
        subscribe_to_user_personal_channel={"enabled": True},
        user_connection_limit=2,
    )
    options["channel"]["namespaces"] = [{"name": "plain"}, {"name": "kept", **KEEP}]
    return start_gateway(options).wait_ready()


async def test_a_token_brings_channels_and_the_user_has_one(node: GatewayProcess) -> None:
    given = {"channels": ["kept:a"], "subs": {"plain:b": {"data": {"hello": 1}}}}
    async with RawClient(node.ws_url) as ann:
        subs = (await ann.connect(token=token(**given)))["subs"]
        assert sorted(subs) == ["#ann", "kept:a", "plain:b"]
        assert subs["plain:b"] == {"data": {"hello": 1}}
        assert (subs["kept:a"]["offset"], subs["kept:a"]["recoverable"]) == (0, True)
        node.publish("kept:a", 1)
        assert (await ann.publication())["offset"] == 1
        node.publish("#ann", "for you")
        assert (await ann.publication())["data"] == "for you"


async def test_a_client_that_comes_back_gets_what_it_missed_with_the_connect(
    node: GatewayProcess,
) -> None:
    async with RawClient(node.ws_url) as ann:
        place = (await ann.connect(token=token(channels=["kept:a"])))["subs"]["kept:a"]
    node.publish("kept:a", 1)
    node.publish("kept:a", 2)
    held = {"recover": True, "offset": place["offset"], "epoch": place["epoch"]}
    async with RawClient(node.ws_url) as ann:
        request = {"token": token(channels=["kept:a"]), "subs": {"kept:a": held}}
        back = (await ann.connect(**request))["subs"]["kept:a"]
        assert back["recovered"] is True
        assert back["publications"] == [{"data": 1, "offset": 1}, {"data": 2, "offset": 2}]
        node.publish("kept:a", 3)
        assert (await ann.publication())["offset"] == 3


async def test_a_lost_place_sends_the_client_back_to_connect(
    node: GatewayProcess, redis_url: str
) -> None:
    from redis.asyncio import Redis  # noqa: PLC0415

    async with RawClient(node.ws_url) as ann, Redis.from_url(redis_url) as redis:
        await ann.connect(token=token(channels=["kept:a"]))
        node.publish("kept:a", 1)
        await ann.publication()
        await redis.flushall()
        node.publish("kept:a", 1)
        assert await ann.closed() == (3010, "insufficient state")


async def test_what_a_token_cannot_bring_refuses_the_connect(node: GatewayProcess) -> None:
    async with RawClient(node.ws_url) as ann:
        reply = await ann.ask("connect", token=token(channels=["nowhere:a"]))
        assert reply["error"]["code"] == 102
    async with RawClient(node.ws_url) as ann:
        await ann.send({"id": 1, "connect": {"token": token(channels=["a", "b", "c"])}})
        assert await ann.closed() == (3505, "channel limit")


async def test_a_user_has_so_many_connections(node: GatewayProcess) -> None:
    async with RawClient(node.ws_url) as one, RawClient(node.ws_url) as two:
        await one.connect(token=token())
        await two.connect(token=token())
        async with RawClient(node.ws_url) as three, RawClient(node.ws_url) as bob:
            await three.send({"id": 1, "connect": {"token": token()}})
            assert await three.closed() == (3504, "connection limit")
            await bob.connect(token=token("bob"))
    async with asyncio.timeout(30), RawClient(node.ws_url) as again:
        await again.connect(token=token())


async def test_publications_under_load_follow_the_connect_without_a_gap(
    node: GatewayProcess,
) -> None:
    enough = asyncio.Event()

    async def publish() -> None:
        while not enough.is_set():
            await asyncio.to_thread(node.publish, "kept:a", "again")

    publishing = asyncio.create_task(publish())
    for _ in range(20):
        async with RawClient(node.ws_url) as ann:
            place = (await ann.connect(token=token(channels=["kept:a"])))["subs"]["kept:a"]
            assert (await ann.publication())["offset"] == place["offset"] + 1
    enough.set()
    await publishing
