"""The gateway behind the real edge: a client's faults are its own affair."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gateway_process import GatewayProcess, StartGateway, insecure
from local_stack.caddy import Caddy
from local_stack.ports import free_port

UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
POST = b"POST /connection/uni_sse HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
IMPATIENT = (
    "import runpy, service_kit.asgi.bodies as bodies; bodies.BODY_SECONDS = 0.5;"
    "runpy.run_module('realtime_gateway', run_name='__main__')"
)
SECONDS = 40
"""The edge waits 30 for a body (`read_body`); seldom, Go does so before it answers."""


def options(**client: Any) -> dict[str, Any]:
    return insecure(**client) | {
        "uni_websocket": {"enabled": True},
        "uni_sse": {"enabled": True},
    }


@pytest.fixture
def edge_of(tmp_path: Path) -> Iterator[Any]:
    edges: list[Caddy] = []

    def start(gateway: GatewayProcess) -> Caddy:
        edge = Caddy(
            tmp_path / "edge", port=free_port(), web=free_port(), gateways=[gateway.port]
        )
        edges.append(edge)
        edge.start()
        return edge

    yield start
    for edge in edges:
        edge.stop()


def answer(port: int, request: bytes) -> bytes:
    """All that comes back until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as wire:
        wire.sendall(request)
        return b"".join(iter(lambda: wire.recv(65_536), b""))


def status(port: int, request: bytes) -> int:
    return int(answer(port, request).split()[1])


def upgraded(port: int, path: str = "/connection/websocket") -> tuple[socket.socket, bytes]:
    """An open connection, and the head of the answer."""
    wire = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    wire.sendall(UPGRADE.format(path=path).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += wire.recv(4_096)
    return wire, head


def streaming(port: int) -> tuple[socket.socket, bytes]:
    wire = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    wire.sendall(POST + b"Content-Length: 2\r\n\r\n{}")
    return wire, wire.recv(4_096)


@pytest.mark.parametrize(
    "body",
    [b"+1\r\n", b"zz\r\n", b"-1\r\n", b"1\r\nab\r\n", b"F" * 18 + b"\r\n", b"\r\n"],
    ids=["plus", "no-number", "minus", "too-much", "too-large", "empty"],
)
def test_a_malformed_body_is_refused_and_counts_against_nobody(
    start_gateway: StartGateway, edge_of: Any, body: bytes
) -> None:
    gateway = start_gateway(options()).wait_ready()
    edge = edge_of(gateway)
    assert status(gateway.port, CHUNKED + body) == 400
    for _ in range(3):
        assert status(edge.port, CHUNKED + body) == 400
    wire, head = upgraded(edge.port)
    wire.close()
    assert b" 101 " in head


@pytest.mark.parametrize(
    "request_",
    [
        POST + b"Content-Length: 1000\r\n\r\nx",
        POST + b"Content-Length: 60000\r\n\r\n" + b"x" * 50_000,
        CHUNKED + b"5\r\nhe",
        CHUNKED,
    ],
    ids=["length", "large", "chunked", "not-begun"],
)
def test_a_body_that_does_not_go_on_is_given_up_and_its_connection_closed(
    start_gateway: StartGateway, edge_of: Any, request_: bytes
) -> None:
    gateway = start_gateway(options(), program=("-c", IMPATIENT)).wait_ready()
    assert status(gateway.port, request_) == 408
    assert status(edge_of(gateway).port, request_) == 408


def test_a_body_that_never_begins_is_given_up_too(start_gateway: StartGateway) -> None:
    gateway = start_gateway(options(), program=("-c", IMPATIENT)).wait_ready()
    assert status(gateway.port, POST + b"Content-Length: 1000\r\n\r\n") == 408


def test_over_the_limit_each_kind_is_told_to_come_later_and_pages_go_on(
    start_gateway: StartGateway, edge_of: Any
) -> None:
    gateway = start_gateway(options(connection_limit=2)).wait_ready()
    edge = edge_of(gateway)
    held = [upgraded(edge.port), streaming(edge.port)]
    assert [head[9:12] for _, head in held] == [b"101", b"200"]
    refused = [
        upgraded(edge.port),
        upgraded(edge.port, "/connection/uni_websocket"),
        streaming(edge.port),
    ]
    for wire, head in [*held, *refused]:
        wire.close()
        if (wire, head) in refused:
            assert head.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nRetry-After: " in head
    assert httpx.get(f"{edge.url}/health").text == "ok"
    assert gateway.metric("client_handshakes_refused_total", status="503") == 3
