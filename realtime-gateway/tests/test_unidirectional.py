"""The plain-URL way: one request, then pushes, on a WebSocket or as server-sent events."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import pytest
from gateway_process import KEEP, GatewayProcess, StartGateway, insecure
from local_stack.caddy import Caddy
from local_stack.ports import free_port
from redis.asyncio import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

SECRET = "a secret of at least thirty-two bytes"
KINDS = ["uni_websocket", "uni_sse"]


def plain(**client: Any) -> dict[str, Any]:
    return insecure(**client) | {
        "uni_websocket": {"enabled": True},
        "uni_sse": {"enabled": True, "max_request_body_size": 65_536},
    }


class Listener:
    """Pushes, from either transport."""

    def __init__(self, messages: AsyncIterator[str]) -> None:
        self._messages = messages

    async def any_push(self, seconds: float = 5.0) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            found: dict[str, Any] = json.loads(await anext(self._messages))
        return found

    async def push(self) -> dict[str, Any]:
        while not (found := await self.any_push()):
            pass
        return found

    async def data(self) -> Any:
        return (await self.push())["pub"]["data"]

    async def is_over(self) -> bool:
        async with asyncio.timeout(30):
            return [each async for each in self._messages] == []


@asynccontextmanager
async def listen(
    base: str, kind: str, request: dict[str, Any] | None, **options: Any
) -> AsyncIterator[Listener]:
    query = "" if request is None else "?cf_connect=" + quote(json.dumps(request))
    url = f"{base}/connection/{kind}{query}"
    if kind == "uni_websocket":
        url = url.replace("http:", "ws:", 1)
        async with connect(url, ping_interval=None, **options) as ws:
            yield Listener(_texts(ws))
    else:
        timeout = httpx.Timeout(5, read=None)
        async with (
            httpx.AsyncClient(timeout=timeout) as client,
            client.stream("GET", url, **options) as response,
        ):
            assert response.status_code == 200
            assert response.headers["content-type"] == "text/event-stream"
            yield Listener(_events(response))


async def _texts(ws: Any) -> AsyncIterator[str]:
    try:
        async for message in ws:
            yield message
    except ConnectionClosed:
        pass


async def _events(response: httpx.Response) -> AsyncIterator[str]:
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            yield line.removeprefix("data: ")


@pytest.fixture
def plain_gateway(start_gateway: StartGateway) -> GatewayProcess:
    return start_gateway(plain()).wait_ready()


@pytest.mark.parametrize("kind", KINDS)
async def test_one_address_is_enough_to_follow_channels(
    plain_gateway: GatewayProcess, kind: str
) -> None:
    place = plain_gateway.publish("a", {"n": 0})
    async with listen(plain_gateway.http_url, kind, {"subs": {"a": {}, "b": {}}}) as client:
        connected = (await client.push())["connect"]
        assert connected["client"]
        assert connected.get("pong", False) is False
        assert connected["subs"]["a"]["offset"] == 1
        assert connected["subs"]["a"]["epoch"] == place["epoch"]
        assert set(connected["subs"]) == {"a", "b"}
        plain_gateway.publish("a", {"n": 1}, tags={"k": "v"})
        plain_gateway.publish("b", "text")
        first = await client.push()
        assert first == {
            "channel": "a", "pub": {"data": {"n": 1}, "tags": {"k": "v"}, "offset": 2}
        }  # fmt: skip
        assert await client.data() == "text"


@pytest.mark.parametrize("kind", KINDS)
async def test_who_comes_back_with_its_positions_misses_nothing(
    plain_gateway: GatewayProcess, kind: str
) -> None:
    place = plain_gateway.publish("a", 1)
    plain_gateway.publish("a", 2)
    since = {"recover": True, "offset": 1, "epoch": place["epoch"]}
    async with listen(plain_gateway.http_url, kind, {"subs": {"a": since}}) as client:
        found = (await client.push())["connect"]["subs"]["a"]
        assert found["recovered"] is True
        assert [each["data"] for each in found["publications"]] == [2]
        plain_gateway.publish("a", 3)
        assert await client.data() == 3


@pytest.mark.parametrize("kind", KINDS)
async def test_pings_come_and_want_no_answer(start_gateway: StartGateway, kind: str) -> None:
    gateway = start_gateway(plain(ping_interval="1s", pong_timeout="500ms")).wait_ready()
    async with listen(gateway.http_url, kind, {}) as client:
        assert "connect" in await client.any_push()
        assert [await client.any_push() for _ in range(3)] == [{}, {}, {}]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_permissions_of_channels_hold(start_gateway: StartGateway, kind: str) -> None:
    options = plain(insecure=False, token={"hmac_secret_key": SECRET})
    options["channel"]["without_namespace"] = {**KEEP, "allow_subscribe_for_client": True}
    gateway = start_gateway(options).wait_ready()
    token = jwt.encode({"sub": "ann"}, SECRET)
    request = {"token": token, "subs": {"a": {}, "plain:x": {}, "$private": {}}}
    async with listen(gateway.http_url, kind, request) as client:
        assert set((await client.push())["connect"]["subs"]) == {"a"}
        refused = [await client.push() for _ in range(2)]
        assert [each["channel"] for each in refused] == ["plain:x", "$private"]
        assert refused[0]["unsubscribe"] == {"code": 2000, "reason": "permission denied"}
        gateway.publish("plain:x", 1)
        gateway.publish("a", 2)
        assert await client.data() == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"token": "nonsense"}, 3500),
        ({}, 3501),
        ({"subs": []}, 3501),
        ({"token": jwt.encode({"sub": "ann", "exp": 1}, SECRET)}, 3005),
    ],
)
async def test_who_may_not_connect_is_told_why(
    start_gateway: StartGateway, kind: str, request_: dict[str, Any], code: int
) -> None:
    options = plain(insecure=False, token={"hmac_secret_key": SECRET})
    gateway = start_gateway(options).wait_ready()
    async with listen(gateway.http_url, kind, request_) as client:
        assert (await client.push())["disconnect"]["code"] == code
        assert await client.is_over()


@pytest.mark.parametrize("kind", KINDS)
async def test_the_gateways_end_is_told(start_gateway: StartGateway, kind: str) -> None:
    gateway = start_gateway(plain()).wait_ready()
    async with listen(gateway.http_url, kind, {"subs": {"a": {}}}) as client:
        await client.push()
        assert await asyncio.to_thread(gateway.stop) == 0
        assert await client.push() == {"disconnect": {"code": 3001, "reason": "shutdown"}}
        assert await client.is_over()


@pytest.mark.parametrize("kind", KINDS)
async def test_when_publications_are_lost_the_client_is_sent_to_come_again(
    plain_gateway: GatewayProcess, redis_url: str, kind: str
) -> None:
    plain_gateway.publish("a", 1)
    async with listen(plain_gateway.http_url, kind, {"subs": {"a": {}}}) as client:
        await client.push()
        async with Redis.from_url(redis_url) as redis:
            await redis.flushall()
        plain_gateway.publish("a", 2)
        pushed = [await client.push()]
        if "pub" in pushed[0]:
            pushed.append(await client.push())
        assert pushed[-1] == {"disconnect": {"code": 3010, "reason": "insufficient state"}}
        assert await client.is_over()


@pytest.mark.parametrize("kind", KINDS)
async def test_channels_of_the_token_come_by_themselves(
    start_gateway: StartGateway, kind: str
) -> None:
    options = plain(insecure=False, token={"hmac_secret_key": SECRET})
    gateway = start_gateway(options).wait_ready()
    token = jwt.encode({"sub": "ann", "channels": ["a"]}, SECRET)
    async with listen(gateway.http_url, kind, {"token": token, "subs": {"a": {}}}) as client:
        assert set((await client.push())["connect"]["subs"]) == {"a"}
        gateway.publish("a", 1)
        assert await client.data() == 1


async def test_a_body_that_does_not_end_is_refused(plain_gateway: GatewayProcess) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", plain_gateway.port)
    head = b"POST /connection/uni_sse HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head + b"8000\r\n" + b"x" * 0x8000 + b"\r\n" + b"8001\r\n" + b"x" * 0x8001)
    assert (await reader.read(12)).startswith(b"HTTP/1.1 413")
    writer.close()


async def test_the_request_may_be_the_first_message(plain_gateway: GatewayProcess) -> None:
    async with connect(f"{plain_gateway.ws_url}".replace("/web", "/uni_web")) as ws:
        await ws.send('{"subs":{"a":{}}}')
        assert "a" in json.loads(await ws.recv())["connect"]["subs"]
        await ws.send("anything")  # read and dropped
        plain_gateway.publish("a", 1)
        assert json.loads(await ws.recv())["pub"]["data"] == 1


async def test_the_request_may_be_the_body_of_a_post(plain_gateway: GatewayProcess) -> None:
    url = f"{plain_gateway.http_url}/connection/uni_sse"
    async with (
        httpx.AsyncClient(timeout=httpx.Timeout(5, read=None)) as client,
        client.stream("POST", url, json={"subs": {"a": {}}}) as response,
    ):
        events = Listener(_events(response))
        assert "a" in (await events.push())["connect"]["subs"]
        plain_gateway.publish("a", 1)
        assert await events.data() == 1


async def test_a_connection_that_has_carried_http_can_become_a_stream(
    plain_gateway: GatewayProcess,
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", plain_gateway.port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"ok" in await reader.readuntil(b'"}')
    writer.write(b"GET /connection/uni_sse HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    assert b"text/event-stream" in await reader.readuntil(b"\r\n\r\n")
    assert b'data: {"connect":' in await reader.readuntil(b"\n\n")
    writer.close()


@pytest.mark.parametrize(
    ("method", "options", "status"),
    [
        ("GET", {"headers": {"Origin": "http://evil.example"}}, 403),
        ("PUT", {}, 405),
        ("POST", {"content": "x" * 70_000}, 413),
    ],
)
async def test_what_is_no_request_for_a_stream_is_refused(
    start_gateway: StartGateway, method: str, options: dict[str, Any], status: int
) -> None:
    gateway = start_gateway(plain(allowed_origins=["http://good.example"])).wait_ready()
    url = f"{gateway.http_url}/connection/uni_sse"
    async with httpx.AsyncClient() as client:
        assert (await client.request(method, url, **options)).status_code == status
        good = {"Origin": "http://good.example"}
        async with client.stream("GET", url, headers=good) as response:
            assert response.headers["access-control-allow-origin"] == good["Origin"]


async def test_pages_of_allowed_origins_may_bring_their_cookies(
    start_gateway: StartGateway,
) -> None:
    """`new EventSource(url, {withCredentials: true})`, and `fetch` with a body of JSON."""
    gateway = start_gateway(plain(allowed_origins=["http://good.example"])).wait_ready()
    url = f"{gateway.http_url}/connection/uni_sse"
    good, evil = {"Origin": "http://good.example"}, {"Origin": "http://evil.example"}
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-mine",
    }
    async with httpx.AsyncClient() as client:
        async with client.stream("GET", url, headers=good) as response:
            assert response.headers["access-control-allow-credentials"] == "true"
            assert response.headers["vary"] == "Origin"
        before = await client.options(url, headers=good | asked)
        assert before.status_code == 200
        assert before.headers["access-control-allow-origin"] == good["Origin"]
        assert before.headers["access-control-allow-credentials"] == "true"
        assert before.headers["access-control-allow-headers"] == "content-type,x-mine"
        assert "POST" in before.headers["access-control-allow-methods"]
        refused = await client.post(url, headers=good, content="no")
        assert refused.headers["access-control-allow-origin"] == good["Origin"]
        for found in (await client.options(url, headers=evil | asked),
                      await client.get(url, headers=evil)):  # fmt: skip
            assert found.status_code == 403
            assert not [name for name in found.headers if name.startswith("access-control")]
        async with client.stream("GET", url) as response:
            assert "access-control-allow-origin" not in response.headers


BAD = ["no", "[]", '"x"', "{", '{"token": 1}', '{"subs": [1]}', '{"subs": {"a": 1}}', "NaN",
       '{"subs": {"a": {"recover": "yes"}}}',
       '{"subs": {"a": {"offset": -1, "recover": true}}}',
       "[" * 60_000]  # fmt: skip


async def test_a_request_that_is_none_is_not_asked_again(
    plain_gateway: GatewayProcess,
) -> None:
    """An EventSource asks again and again for what was answered 200, and never after 400."""
    url = f"{plain_gateway.http_url}/connection/uni_sse"
    short = [quote(body) for body in BAD if len(body) < 1_000]
    async with httpx.AsyncClient() as client:
        posted = [await client.post(url, content=body) for body in BAD]
        posted.append(await client.post(url, content=b'{"token": "\xff"}'))
        got = [await client.get(f"{url}?cf_connect={body}") for body in short]
        assert [each.status_code for each in posted + got] == [400] * len(posted + got)
        async with client.stream("GET", f"{url}?cf_connect=") as response:
            assert response.status_code == 200  # nothing is asked for
    url = url.replace("http:", "ws:").replace("uni_sse", "uni_websocket")
    for body in short:
        async with connect(f"{url}?cf_connect={body}") as ws:
            assert json.loads(await ws.recv())["disconnect"]["code"] == 3501
    async with connect(f"{url}?cf_connect=") as ws:
        await ws.send("{}")
        assert "connect" in json.loads(await ws.recv())


async def test_a_stream_that_is_not_read_is_cut_and_costs_nobody_else(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(plain(queue_max_size=262_144)).wait_ready()
    lazy = socket.create_connection(("127.0.0.1", gateway.port))
    lazy.sendall(
        b"POST /connection/uni_sse HTTP/1.1\r\nHost: x\r\nContent-Length: 19\r\n\r\n"
        b'{"subs":{"a": {}}} '
    )
    async with listen(gateway.http_url, "uni_sse", {"subs": {"a": {}}}) as client:
        await client.push()
        for number in range(400):
            gateway.publish("a", [number, "x" * 50_000])
            assert (await client.data())[0] == number
            if gateway.metric("client_num_server_disconnects_total", code="3008"):
                break
    assert gateway.metric("client_num_server_disconnects_total", code="3008") == 1
    lazy.close()


async def test_a_stream_passes_through_the_edge_as_it_comes(
    plain_gateway: GatewayProcess, edge: str
) -> None:
    async with listen(edge, "uni_sse", {"subs": {"a": {}}}) as client:
        await client.push()
        for number in range(3):
            plain_gateway.publish("a", number)
            assert await client.data() == number


@pytest.fixture
def edge(plain_gateway: GatewayProcess, tmp_path: Path) -> Iterator[str]:
    caddy = Caddy(
        tmp_path / "edge", port=free_port(), web=free_port(), gateways=[plain_gateway.port]
    )
    caddy.start()
    yield caddy.url
    caddy.stop()


def test_both_are_off_unless_wanted(gateway: GatewayProcess) -> None:
    assert httpx.get(f"{gateway.http_url}/connection/uni_sse").status_code == 404
    assert httpx.get(f"{gateway.http_url}/connection/uni_websocket").status_code == 404
