"""A connection that is gone, or that fails, is no trouble to anybody else (promises 4 and 5).

Python 3.11's `asyncio.wait_for`, through which redis-py sends, swallows a cancellation that
comes as its inner task ends: the task of a connection that is gone goes on.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gateway_process import KEEP, insecure
from in_process import Client, node, until
from realtime_gateway.app import Gateway
from realtime_gateway.sessions.claims import ConnectionClaims
from service_kit.tasks import end


@pytest.fixture
async def gateway(tmp_path: Path, redis_url: str) -> AsyncIterator[Gateway]:
    options = insecure(token={"hmac_secret_key": "a secret of at least thirty-two bytes"})
    options["channel"]["without_namespace"] = {**KEEP, "presence": True, "join_leave": True}
    async with node(tmp_path, redis_url, options) as gateway:
        yield gateway


class Deaf:
    """Swallows the cancellation of whoever waits for it."""

    def __init__(self) -> None:
        self.waiting = 0
        self.cancelled = 0

    async def wait(self) -> None:
        self.waiting += 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1


class Tokens:
    """Every token is its user, at once or after a wait."""

    def __init__(self, deaf: Deaf | None = None) -> None:
        self._deaf = deaf

    def connection_now(self, token: str) -> ConnectionClaims | None:
        return None if self._deaf else ConnectionClaims(token)

    async def connection(self, token: str) -> ConnectionClaims:
        assert self._deaf is not None
        await self._deaf.wait()
        return ConnectionClaims(token)


def believe(gateway: Gateway, tokens: Tokens) -> None:
    vars(gateway.node)["_connection_tokens"] = tokens


async def test_one_who_is_gone_before_the_token_is_read_is_nobodys_connection(
    gateway: Gateway,
) -> None:
    deaf = Deaf()
    believe(gateway, Tokens(deaf))
    clients = [Client(gateway) for _ in range(3)]
    for client in clients:
        client.say(
            {"id": 1, "connect": {"token": "ana"}}, {"id": 2, "subscribe": {"channel": "c"}}
        )
    await until(lambda: deaf.waiting == 3)
    for client in clients:
        client.go()
    await until(lambda: deaf.cancelled == 3)
    await asyncio.sleep(0)
    assert len(gateway.node.users) == 0
    assert gateway.fanout.hub.channels == {}


async def test_one_who_is_gone_before_the_channel_is_read_is_in_no_channel(
    gateway: Gateway,
) -> None:
    believe(gateway, Tokens())
    client = Client(gateway)
    await client.answer("connect", token="ana")
    deaf, read = Deaf(), gateway.feed.settled

    async def settled(name: str, **options: Any) -> Any:
        found = await read(name, **options)
        await deaf.wait()
        return found

    vars(gateway.feed)["settled"] = settled
    client.say({"id": 2, "subscribe": {"channel": "c"}})
    await until(lambda: deaf.waiting == 1)
    client.go()
    await until(lambda: deaf.cancelled == 1)
    await until(lambda: not gateway.fanout.hub.channels["c"].joining)
    assert not gateway.fanout.hub.channels["c"].members
    assert await gateway.presence.read("c") == {}


async def test_one_that_fails_keeps_no_order_from_the_others(gateway: Gateway) -> None:
    """Promise 5: sign-out ends that person's sockets, whatever one of them does."""
    believe(gateway, Tokens())
    clients = [Client(gateway) for _ in range(5)]
    for client in clients:
        await client.answer("connect", token="ana")
    for broken in clients[1:4]:
        broken.wire.is_broken = True
    transport = httpx.ASGITransport(gateway.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as api:
        answer = await api.post(
            "/api/disconnect", json={"user": "ana"}, headers={"X-API-Key": "api-key"}
        )
    assert answer.json() == {"result": {}}
    assert [clients[0].closed(), clients[4].closed()] == [3503, 3503]
    assert all(broken.wire.was_aborted for broken in clients[1:4])
    assert len(gateway.node.users) == 0


async def test_what_a_node_is_told_reaches_the_others_when_one_fails(gateway: Gateway) -> None:
    believe(gateway, Tokens())
    clients = [Client(gateway) for _ in range(2)]
    for client in clients:
        await client.answer("connect", token="ana")
    for broken in clients[:1]:
        broken.wire.is_broken = True
    gateway.control.receive(b'{"from":"other","order":"disconnect","user":"ana"}')
    assert clients[1].closed() == 3503
    assert gateway.bus.is_connected


@pytest.mark.parametrize("channels", [["a"], ["a", "b"]])
async def test_one_that_fails_keeps_no_publication_from_the_others(
    gateway: Gateway, channels: list[str]
) -> None:
    believe(gateway, Tokens())
    clients = [Client(gateway) for _ in range(4)]
    for client in clients:
        await client.answer("connect", token="ana")
        for channel in channels:
            await client.answer("subscribe", channel=channel)
    for broken in clients[:3]:
        broken.wire.is_broken = True
    for channel in channels:
        for member in gateway.fanout.hub.channels[channel].members:
            assert member in {client.connection for client in clients}
        gateway.fanout.receive(
            gateway.fanout._key_of(channel), b'p:0::1:{"data":"%s"}' % channel.encode()
        )
    gateway.fanout.flush()
    pushed = [each["push"]["channel"] for each in clients[3].heard() if "push" in each]
    assert [channel for channel in pushed if channel in channels][-len(channels) :] == channels
    assert all(broken.wire.was_aborted for broken in clients[:3])
    for channel in channels:
        assert list(gateway.fanout.hub.channels[channel].members) == [clients[3].connection]


async def test_one_that_fails_keeps_nobody_from_being_woken_or_sent_away(
    gateway: Gateway,
) -> None:
    believe(gateway, Tokens())
    clients = [Client(gateway) for _ in range(2)]
    for client in clients:
        await client.answer("connect", token="ana")
    clients[0].wire.is_broken = True
    gateway.clients._wake(
        [client.connection for client in clients], gateway.clients.loop.time() + 60
    )
    assert clients[0].wire.was_aborted
    await gateway.clients.drain(0.2, window=0)
    assert clients[1].closed() == 3001


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    deaf = Deaf()

    async def work() -> None:
        await deaf.wait()
        await deaf.wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await end([task])
    assert deaf.cancelled == 2
    assert task.cancelled()
