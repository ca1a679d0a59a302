"""The official JavaScript SDK, in the version the pages use, as a client of the gateway."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cuttable import relay
from gateway_process import KEEP, GatewayProcess, StartGateway, insecure

SCRIPT = Path(__file__).parent / "sdk" / "follow.mjs"
NODE_MODULES = Path(__file__).parents[2] / "web" / "node_modules"
SECRET = "a secret of at least thirty-two bytes"


class Page:
    """A Node process with one client and one subscription."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def tell(self, verb: str, value: Any = None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([verb, value]).encode() + b"\n")

    async def event(self, name: str, seconds: float = 20.0) -> dict[str, Any]:
        """The next event of that name; others are passed over."""
        async with asyncio.timeout(seconds):
            while True:
                found = await self.any_event()
                if found["event"] == name:
                    return found

    async def any_event(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the page has ended"
        found: dict[str, Any] = json.loads(line)
        return found

    async def data(self, count: int) -> list[Any]:
        return [(await self.event("publication"))["data"] for _ in range(count)]


@asynccontextmanager
async def page(url: str, channel: str, **options: Any) -> AsyncIterator[Page]:
    node = shutil.which("node")
    assert node is not None, "Node is needed to run the official SDK"
    process = await asyncio.create_subprocess_exec(
        node, "--experimental-websocket", "--no-warnings", str(SCRIPT), str(NODE_MODULES), url,
        channel, json.dumps(options), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Page(process)
    finally:
        process.kill()
        await process.wait()


def with_tokens(**client: Any) -> dict[str, Any]:
    options = insecure(insecure=False, token={"hmac_secret_key": SECRET}, **client)
    options["channel"]["without_namespace"] = {**KEEP, "allow_subscribe_for_client": True}
    return options


async def test_it_connects_subscribes_publishes_and_reads_history(
    gateway: GatewayProcess, channel: str
) -> None:
    async with page(gateway.ws_url, channel) as client:
        await client.event("subscribed")
        gateway.publish(channel, {"n": 1})
        assert await client.data(1) == [{"n": 1}]
        await client.tell("publish", {"n": 2})
        assert await client.data(1) == [{"n": 2}]
        await client.tell("history", 10)
        assert (await client.event("history"))["data"] == [{"n": 1}, {"n": 2}]
        await client.tell("rpc")
        assert (await client.event("refused"))["code"] == 108
        await client.tell("unsubscribe")
        await client.event("unsubscribed")


async def test_it_recovers_after_its_connection_was_killed(
    gateway: GatewayProcess, channel: str
) -> None:
    async with relay(gateway.ws_url) as between, page(between.url, channel) as client:
        await client.event("subscribed")
        gateway.publish(channel, 0)
        assert await client.data(1) == [0]
        between.is_open = False
        between.cut()
        await client.event("connecting")
        for number in range(1, 51):
            gateway.publish(channel, number)
        between.is_open = True
        assert (await client.event("subscribed"))["recovered"] is True
        gateway.publish(channel, 51)
        assert await client.data(51) == list(range(1, 52))


async def test_it_recovers_from_the_position_a_page_was_rendered_at(
    gateway: GatewayProcess, channel: str
) -> None:
    since = gateway.publish(channel, 0)
    gateway.publish(channel, 1)
    async with page(gateway.ws_url, channel, since=since) as client:
        assert await client.data(1) == [1]


async def test_it_loads_its_state_when_the_position_is_gone(
    gateway: GatewayProcess, channel: str
) -> None:
    top = gateway.publish(channel, 0)
    async with page(gateway.ws_url, channel, state=top) as client:
        await client.event("state")
        await client.event("subscribed")
        gateway.publish(channel, 1)
        assert await client.data(1) == [1]


async def test_it_goes_on_after_the_gateway_was_restarted(start_gateway: StartGateway) -> None:
    first = start_gateway().wait_ready()
    async with relay(first.ws_url) as between, page(between.url, "news") as client:
        await client.event("subscribed")
        first.publish("news", 1)
        assert await client.data(1) == [1]
        second = start_gateway().wait_ready()
        between.retarget(second.port)
        assert await asyncio.to_thread(first.stop) == 0
        second.publish("news", 2)
        assert (await client.event("subscribed"))["recovered"] is True
        assert await client.data(1) == [2]


async def test_it_refreshes_its_token_before_it_is_thrown_out(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(with_tokens(expired_close_delay="2s")).wait_ready()
    async with page(gateway.ws_url, "news", secret=SECRET, lifetime=2) as client:
        await client.event("subscribed")
        for _ in range(3):  # each refresh comes at the end of the token's life
            assert (await client.any_event())["event"] == "token"
        gateway.publish("news", 1)
        assert await client.data(1) == [1]


async def test_a_private_channel_takes_a_token_and_refreshes_it(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(with_tokens(expired_sub_close_delay="2s")).wait_ready()
    async with page(gateway.ws_url, "$mine", secret=SECRET, lifetime=2, private=True) as client:
        await client.event("subscribed")
        seen = [await client.any_event() for _ in range(4)]
        assert {each["event"] for each in seen} == {"token"}
        assert {each.get("channel") for each in seen} == {None, "$mine"}
        gateway.publish("$mine", 1)
        assert await client.data(1) == [1]


async def test_a_token_with_a_wrong_signature_stops_it(start_gateway: StartGateway) -> None:
    gateway = start_gateway(with_tokens()).wait_ready()
    async with page(gateway.ws_url, "news", secret="another " + SECRET, lifetime=9) as client:
        assert (await client.event("disconnected"))["code"] == 3500


async def test_an_expired_token_is_replaced_at_once(start_gateway: StartGateway) -> None:
    gateway = start_gateway(with_tokens()).wait_ready()
    async with page(gateway.ws_url, "news", secret=SECRET, lifetime=-5) as client:
        assert (await client.event("error"))["code"] == 109
        await client.event("token")
        assert (await client.event("error"))["code"] == 109


async def test_a_foreign_channel_is_refused(start_gateway: StartGateway) -> None:
    gateway = start_gateway(with_tokens()).wait_ready()
    async with page(gateway.ws_url, "$mine", secret=SECRET, lifetime=60) as client:
        assert (await client.event("unsubscribed"))["code"] == 103


@pytest.mark.parametrize("round_", range(3))
async def test_a_burst_arrives_whole_and_in_order(
    gateway: GatewayProcess, channel: str, round_: int
) -> None:
    async with page(gateway.ws_url, channel) as client:
        await client.event("subscribed")
        await asyncio.gather(
            *(asyncio.to_thread(gateway.publish, channel, n) for n in range(100))
        )
        assert sorted(await client.data(100)) == list(range(100))
