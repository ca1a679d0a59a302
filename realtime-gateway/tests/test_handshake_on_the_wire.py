"""The door: what becomes a WebSocket, what stays HTTP, and what is shown out."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from gateway_process import GatewayProcess, StartGateway, insecure
from local_stack.valkey import Valkey
from raw_client import RawClient
from realtime_gateway.delivery.stats import Stats
from realtime_gateway.node.clients import Clients
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

pytestmark = pytest.mark.slow

HEAD = (
    "GET /connection/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


async def exchange(gateway: GatewayProcess, *parts: bytes) -> bytes:
    """Send the parts, a moment apart, and read until the first answer is whole."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    for part in parts:
        writer.write(part)
        await asyncio.sleep(0.02)
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    writer.close()
    return answer


@pytest.mark.parametrize("cut", [1, 3, 10, 29, 40, 200])
async def test_a_head_may_come_in_pieces(gateway: GatewayProcess, cut: int) -> None:
    head = (HEAD + "\r\n").encode()
    answer = await exchange(gateway, head[:cut], head[cut:])
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzhZRbK+xOo=" not in answer
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer


async def test_a_first_frame_may_come_with_the_head(gateway: GatewayProcess) -> None:
    frame = Frame(Opcode.TEXT, b'{"id":1,"connect":{}}').serialize(mask=True)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write((HEAD + "\r\n").encode() + frame)
    await reader.readuntil(b"\r\n\r\n")
    assert b'"connect"' in await asyncio.wait_for(reader.read(1000), 30)
    writer.close()


async def test_an_upgrade_on_a_connection_that_was_used_for_http_works(
    gateway: GatewayProcess,
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    await reader.readexactly(len(b'{"status":"ok"}'))
    writer.write((HEAD + "\r\n").encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    writer.write(Frame(Opcode.TEXT, b'{"id":1,"connect":{}}').serialize(mask=True))
    assert b'"connect"' in await asyncio.wait_for(reader.read(1000), 30)
    writer.write(Frame(Opcode.TEXT, b"nonsense").serialize(mask=True))
    assert b"bad request" in await asyncio.wait_for(reader.read(1000), 30)
    writer.close()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (HEAD.replace("HTTP/1.1", "HTTP/1.0"), 505),
        (HEAD.replace("Upgrade: websocket\r\n", ""), 426),
        (HEAD.replace("Connection: Upgrade\r\n", ""), 426),
        (HEAD.replace("Version: 13", "Version: 8"), 426),
        (HEAD.replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), 400),
        (HEAD.replace("Host: x\r\n", ""), 400),
        (HEAD + "Bad Header: x\r\n", 400),
        (HEAD + "Origin: http://evil.example\r\n", 403),
        (HEAD + "Origin: null\r\n", 403),
        (HEAD + "X: " + "x" * 20_000 + "\r\n", 431),
        (HEAD.replace("/connection/websocket", "/elsewhere"), 404),
        (HEAD.replace("GET", "POST"), 404),
    ],
)
async def test_a_bad_handshake_is_refused(
    picky: GatewayProcess, head: str, status: int
) -> None:
    answer = await exchange(picky, (head + "\r\n").encode())
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


@pytest.fixture(scope="module")
def picky(tmp_path_factory: pytest.TempPathFactory, valkey: Valkey) -> Iterator[GatewayProcess]:
    options = insecure(allowed_origins=["https://*.example.com", "http://localhost:3000"])
    gateway = GatewayProcess(tmp_path_factory.mktemp("picky"), options, valkey.url)
    yield gateway.wait_ready()
    gateway.kill()


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        (None, True),
        ("http://localhost:3000", True),
        ("https://notes.example.com", True),
        ("HTTPS://NOTES.EXAMPLE.COM", True),
        ("http://localhost:3001", False),
        ("https://example.com", False),
        ("https://notes.example.com.evil.org", False),
        ("null", False),
        ("", False),
    ],
)
async def test_only_listed_origins_may_connect(
    picky: GatewayProcess, origin: str | None, is_allowed: bool
) -> None:
    head = HEAD if origin is None else f"{HEAD}Origin: {origin}\r\n"
    answer = await exchange(picky, (head + "\r\n").encode())
    assert answer.startswith(b"HTTP/1.1 101 " if is_allowed else b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        (["centrifuge-json"], "centrifuge-json"),
        (["centrifuge-protobuf"], "centrifuge-protobuf"),
        (["other", "centrifuge-json", "centrifuge-protobuf"], "centrifuge-json"),
        (["other"], None),
    ],
)
async def test_the_first_known_subprotocol_is_agreed_to(
    gateway: GatewayProcess, offered: list[str], agreed: str | None
) -> None:
    async with RawClient(gateway.ws_url, subprotocols=offered) as client:
        assert client.socket.subprotocol == agreed


async def test_over_the_connection_limit_clients_are_told_to_come_later(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(insecure(connection_limit=1)).wait_ready()
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        with pytest.raises(InvalidStatus) as refused:
            async with RawClient(gateway.ws_url):
                pass
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["Retry-After"] == "5"


async def test_a_crowd_that_finds_no_room_is_told_to_wait_longer_whether_it_asks_or_connects(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(insecure(connection_limit=1)).wait_ready()
    async with RawClient(gateway.ws_url) as client:
        await client.connect()
        async with httpx.AsyncClient(base_url=gateway.http_url) as http:
            asked = [await http.get("/connection/websocket") for _ in range(100)]
            await http.get("/health")
            asked.append(await http.get("/connection/websocket"))  # on a connection kept alive
    assert {answer.status_code for answer in asked} == {503}
    told = [int(answer.headers["Retry-After"]) for answer in asked]
    assert told[0] == 5
    assert 5 <= told[-1] <= 15
    async with asyncio.timeout(30):
        while gateway.metric("client_connections_inflight"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (await exchange(gateway, b"GET /connection/websocket HTTP/1.1\r\nHost: x\r\n\r\n"))[
        9:12
    ] == b"426"


class Clock:
    now = 0.0

    def time(self) -> float:
        return self.now


def test_the_more_ask_the_longer_they_wait_and_only_as_long_as_they_are_many() -> None:
    clock = Clock()
    clients = Clients(cast(asyncio.AbstractEventLoop, clock), Stats(), limit=1)
    assert clients.seconds_to_wait() == 1  # there is room: it is this node that ends
    clients.connected.add(cast(Any, object()))
    assert clients.seconds_to_wait() == 5
    for _ in range(400):
        clock.now += 0.01
        told = clients.seconds_to_wait()
    assert told == 10
    for _ in range(2_000):
        told = clients.seconds_to_wait()
    assert told == 15
    clock.now += 60
    assert clients.seconds_to_wait() == 5
    clients.is_draining = True
    assert clients.seconds_to_wait() == 1


def test_http_is_served_on_the_same_port(gateway: GatewayProcess) -> None:
    with httpx.Client(base_url=gateway.http_url) as http:
        assert [http.get("/health").status_code for _ in range(3)] == [200] * 3
        assert http.get("/nowhere").status_code == 404
        assert http.get("/connection/websocketeer").status_code == 404
        assert http.get("/connection/websocket").status_code == 426


def test_who_never_finishes_a_head_is_dropped(gateway: GatewayProcess) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as client:
        client.sendall(b"GET /connection/websocket HTTP/1.1\r\nHost:")
        before = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(100) == b""
        assert time.monotonic() - before < 15
