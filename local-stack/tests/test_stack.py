"""The whole system starts, answers, loses parts, comes back, and leaves nothing behind."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
from local_stack import ports
from local_stack.errors import Failed, PortForbidden
from local_stack.ports import free_port
from local_stack.stack import Stack
from stack_processes import Up, children_of, ended, gone, read_until, run_up


@pytest.fixture(scope="module")
def stack(servers_dir: Path) -> Iterator[Stack]:
    with Stack(servers_dir / "stack", gateways=2, durable=False) as running:
        yield running


@pytest.mark.quick
def test_a_started_stack_serves_the_pages_at_the_edge(stack: Stack) -> None:
    with urlopen(stack.url, timeout=10) as answer:
        assert answer.status == 200
        assert "<title>Notes" in answer.read().decode()


@pytest.mark.quick
def test_every_part_says_that_it_is_ready(stack: Stack) -> None:
    for service in stack.services.values():
        with urlopen(f"{service.url}/ready", timeout=10) as answer:
            assert json.load(answer)["status"] == "ready"


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "//metrics",
        "/%6detrics",
        "/x/../metrics",
        "/ready",
        "/api/publish",
        "/v1/notes",
        "/v1/tokens",
        "/connection/../api/publish",
        "/connection/%2e%2e/api/publish",
        "/connection/..%2fapi%2fpublish",
        "/.well-known/jwks.json",
    ],
)
def test_the_edge_exposes_nothing_of_the_inner_sides(stack: Stack, path: str) -> None:
    assert _status(stack.edge.port, path) == 404


def test_a_page_asked_for_by_address_is_found_under_its_name(stack: Stack) -> None:
    edge = HTTPConnection("127.0.0.1", stack.edge.port, timeout=10)
    edge.request("GET", "/notes/menu?a=b")
    answer = edge.getresponse()
    assert (answer.status, answer.headers["Location"]) == (302, f"{stack.url}/notes/menu?a=b")
    edge.close()


def test_the_edge_tells_its_own_health(stack: Stack) -> None:
    with urlopen(f"{stack.url}/health", timeout=10) as answer:
        assert answer.read() == b"ok"


def test_a_body_over_one_mebibyte_is_refused(stack: Stack) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": stack.url}
    headers |= {"Content-Type": "application/x-www-form-urlencoded"}
    body = b"username=" + b"x" * 2**20
    assert _status(stack.edge.port, "/users/login", "POST", body=body, headers=headers) == 413


def test_the_edge_sends_a_websocket_to_another_node_when_one_is_killed(stack: Stack) -> None:
    first = stack.services["realtime-gateway"]
    assert _handshake(stack.edge.port) == 101
    first.kill()
    try:
        assert [_handshake(stack.edge.port) for _ in range(4)] == [101] * 4
    finally:
        first.start()


def test_a_killed_service_comes_back_with_new_settings(stack: Stack) -> None:
    service = stack.services["notes-service"]
    old = service.pid
    service.kill()
    assert gone([old])
    service.env["LOG_FORMAT"] = "json"
    service.start()
    assert service.pid != old
    assert '"service": "notes-service"' in service.process.log.tail()


def test_a_part_that_cannot_start_is_named_with_its_last_words(stack: Stack) -> None:
    service = stack.services["web"]
    service.stop()
    secret = service.env.pop("WEB_SECRET")
    with pytest.raises(Failed, match=r"(?s)web ended with status 2.*WEB_SECRET is not set"):
        service.start()
    service.env["WEB_SECRET"] = secret
    service.start()


def test_services_have_roles_that_cannot_see_each_others_data(stack: Stack) -> None:
    grants = "select has_database_privilege('{}', '{}', 'CONNECT')"
    assert stack.postgres.execute(grants.format("notes", "notes")).strip() == "t"
    assert stack.postgres.execute(grants.format("notes", "users")).strip() == "f"
    assert stack.postgres.execute(grants.format("users", "notes")).strip() == "f"


def test_secrets_are_readable_by_their_owner_only(stack: Stack) -> None:
    files = [*(stack.data_dir / "secrets").iterdir(), stack.data_dir / "postgres" / "password"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


@pytest.mark.long
def test_up_fills_in_the_demo_once_and_stops_cleanly_on_ctrl_c(servers_dir: Path) -> None:
    data = servers_dir / "up"
    first = run_up(data, "--demo")
    welcome = read_until(first, "stop  Ctrl-C")
    pids = children_of(first)
    output, _ = run_up(data).communicate(timeout=120)
    assert f"Notes already runs on this data (process {first.pid}" in output
    first.send_signal(signal.SIGINT)
    assert ended(first) == 0
    assert gone(pids)

    second = run_up(data, "--demo")
    again = read_until(second, "stop  Ctrl-C")
    assert _passwords(again) == _passwords(welcome) != []
    assert "POST /v1/notes" not in again
    pids = children_of(second)
    second.kill()
    ended(second)
    # Nothing is left that would block the next start, and it takes over at once.
    third = run_up(data)
    read_until(third, "stop  Ctrl-C")
    assert gone(pids)
    third.send_signal(signal.SIGTERM)
    assert ended(third) == 0


@pytest.mark.long
def test_up_starts_a_part_again_that_ends_by_itself(
    servers_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine may need more than the edge's ten seconds to start a part again.
    monkeypatch.setenv("EDGE_WEB_WAIT", "120s")
    process = run_up(servers_dir / "revived", port=(port := free_port()))
    read_until(process, "stop  Ctrl-C")
    os.kill(_pid_of(process, "-m notes_web"), signal.SIGKILL)
    read_until(process, "web ended with status -9; starting it again")
    # The edge waits for it: nobody sees an error.
    assert _status(port, "/", timeout=150) == 200
    process.send_signal(signal.SIGINT)
    assert ended(process) == 0


@pytest.mark.slow
def test_a_taken_port_is_named_with_its_holder(servers_dir: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        process = run_up(servers_dir / "taken", port=port)
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert f"Port {port} is already in use" in output
    assert f"process {os.getpid()}" in output
    assert "Traceback" not in output


def test_a_port_that_only_root_may_use_is_said_to_be_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ports, "is_free", lambda port: False)
    monkeypatch.setattr(ports, "holder", lambda port: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PortForbidden, match="Port 80 is for root only"):
        ports.require_free(80)


@pytest.mark.long
def test_up_stops_at_once_when_it_is_interrupted_while_it_starts(servers_dir: Path) -> None:
    process = run_up(servers_dir / "hurried")
    deadline = time.monotonic() + 30
    while len(pids := children_of(process)) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert ended(process) == 0
    assert gone(pids)


def _status(
    port: int,
    path: str,
    method: str = "GET",
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 10,
) -> int:
    """The status of a request whose path is sent as it stands."""
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        host = {"Host": f"localhost:{port}"}
        connection.request(method, path, body=body, headers=host | (headers or {}))
        return connection.getresponse().status
    finally:
        connection.close()


def _handshake(port: int) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Origin": f"http://localhost:{port}",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    try:
        connection.request("GET", "/connection/websocket", headers=upgrade)
        answer = connection.getresponse()
        answer.close()
        return answer.status
    finally:
        connection.close()


def _pid_of(process: Up, words: str) -> int:
    """The child whose command line ends with these words."""
    children = psutil.Process(process.pid).children()
    return next(each.pid for each in children if " ".join(each.cmdline()).endswith(words))


def _passwords(output: str) -> list[list[str]]:
    lines = [line.split() for line in output.splitlines()]
    return [line for line in lines if line and line[0] in ("ana", "ben")]
