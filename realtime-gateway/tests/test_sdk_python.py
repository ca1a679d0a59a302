"""The official Python SDK as a client of the gateway."""

import asyncio
import time
from typing import Any

import jwt
import pytest
from centrifuge import (
    CentrifugeError,
    Client,
    ClientEventHandler,
    PublicationContext,
    SubscribedContext,
    SubscriptionEventHandler,
)
from cuttable import relay
from gateway_process import KEEP, GatewayProcess, StartGateway, insecure

SECRET = "a secret of at least thirty-two bytes"


class Subscriber(SubscriptionEventHandler):
    def __init__(self) -> None:
        self.data: asyncio.Queue[Any] = asyncio.Queue()
        self.subscribed: asyncio.Queue[SubscribedContext] = asyncio.Queue()

    async def on_publication(self, ctx: PublicationContext) -> None:
        await self.data.put(ctx.pub.data)

    async def on_subscribed(self, ctx: SubscribedContext) -> None:
        await self.subscribed.put(ctx)

    async def take(self, count: int) -> list[Any]:
        async with asyncio.timeout(30):
            return [await self.data.get() for _ in range(count)]


def client(url: str, **options: Any) -> Client:
    return Client(
        url, events=ClientEventHandler(), min_reconnect_delay=0.05, max_reconnect_delay=0.2,
        **options,
    )  # fmt: skip


async def leave(ours: Client) -> None:
    await ours.disconnect()
    await asyncio.sleep(0.2)  # the SDK closes its sockets in the background


async def test_it_connects_subscribes_and_publishes(
    gateway: GatewayProcess, channel: str
) -> None:
    ours, heard = client(gateway.ws_url), Subscriber()
    subscription = ours.new_subscription(channel, events=heard)
    await ours.connect()
    await subscription.subscribe()
    await subscription.ready(timeout=30)
    await subscription.publish({"n": 1})
    gateway.publish(channel, {"n": 2})
    assert await heard.take(2) == [{"n": 1}, {"n": 2}]
    page = await subscription.history(limit=10)
    assert [each.data for each in page.publications] == [{"n": 1}, {"n": 2}]
    with pytest.raises(CentrifugeError, match="not available"):
        await ours.rpc("method", {})
    await subscription.unsubscribe()
    await leave(ours)


async def test_it_recovers_after_its_connection_was_killed(
    gateway: GatewayProcess, channel: str
) -> None:
    async with relay(gateway.ws_url) as between:
        ours, heard = client(between.url), Subscriber()
        subscription = ours.new_subscription(channel, events=heard)
        await ours.connect()
        await subscription.subscribe()
        await asyncio.wait_for(heard.subscribed.get(), 30)
        gateway.publish(channel, 0)
        assert await heard.take(1) == [0]
        between.is_open = False
        between.cut()
        for number in range(1, 51):
            gateway.publish(channel, number)
        between.is_open = True
        again = await asyncio.wait_for(heard.subscribed.get(), 30)
        assert again.recovered
        gateway.publish(channel, 51)
        assert await heard.take(51) == list(range(1, 52))
        await leave(ours)


async def test_it_refreshes_its_token(start_gateway: StartGateway) -> None:
    options = insecure(
        insecure=False, token={"hmac_secret_key": SECRET}, expired_close_delay="20s"
    )
    options["channel"]["without_namespace"] = {**KEEP, "allow_subscribe_for_client": True}
    gateway = start_gateway(options).wait_ready()
    made = 0

    async def fresh() -> str:
        nonlocal made
        made += 1
        return jwt.encode({"sub": "ann", "exp": int(time.time()) + 2}, SECRET)

    ours, heard = client(gateway.ws_url, get_token=fresh), Subscriber()
    subscription = ours.new_subscription("news", events=heard)
    await ours.connect()
    await subscription.subscribe()
    await asyncio.wait_for(heard.subscribed.get(), 30)
    async with asyncio.timeout(30):
        while made < 3:  # noqa: ASYNC110 - the SDK asks by its own clock
            await asyncio.sleep(0.05)
    gateway.publish("news", 1)
    assert await heard.take(1) == [1]
    assert heard.subscribed.empty()  # it never had to come back
    await leave(ours)
