"""Caddy and HAProxy are the same edge: a table of questions is put to both.

Each runs as compose starts it: version, user, memory, a read-only root, no capabilities.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ECHO = Path(__file__).with_name("echo_service.py")
PYTHON = os.environ.get("PYTHON_IMAGE", "python:3.13-slim")
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
INNER = [
    "/metrics",
    "/metrics/",
    "/metrics/x",
    "/METRICS",
    "//metrics",
    "/%6detrics",
    "/x/../metrics",
    "/./metrics",
    "/ready",
    "/Ready/",
    "/ready/now",
    "/api",
    "/api/publish",
    "/API/info",
    "//api//batch",
    "/a/b/../../api/info",
    "/v1/notes",
    "/v1/",
    "/v1/tokens?a=b",
    "/connection/../api/publish",
    "/connection/%2e%2e/api/publish",
    "/connection/..%2fapi%2fpublish",
    "/api/v1/../publish",
]
PAGES = [
    "/",
    "/notes/menu",
    "/notes/menu?a=b&c=%20d",
    "/healthy",
    "/health/x",
    "/metric",
    "/readyness",
    "/apiary",
    "/v1",
    "/v2/notes",
    "/api/v1/notes",
    "/api/v1/notes?limit=3",
    "/API/V1/notes",
    "/connection",
    "/connections/x",
    "/users/login",
    "/assets/a.css",
    "/%C3%A9t%C3%A9",
    "/a%2Fb",
    "/a;b=c",
    "/notes/a:b@c",
    "/x?y=../metrics",
]
STRANGER = {
    "X-Request-Id": "mine",
    "X-Forwarded-For": "9.9.9.9",
    "X-Forwarded-Proto": "https",
    "Forwarded": "for=9.9.9.9",
    "X-Forwarded-Host": "evil.example",
    "X-Real-IP": "9.9.9.9",
    "X-Forwarded-User-Agent": "x",
    "X-Forwarded-Prefix": "/x",
}
OWN = [
    "Cache-Control:private",
    "Content-Security-Policy:default-src%20'self'",
    "Referrer-Policy:no-referrer",
    "Cross-Origin-Opener-Policy:unsafe-none",
    "Cross-Origin-Resource-Policy:cross-origin",
    "Set-Cookie:a=b",
    "Via:1.1%20x",
    "ETag:W/%221%22",
    "Vary:Cookie",
    "Location:/x",
]
TYPES = [
    "text/html",
    "text/css",
    "text/javascript",
    "application/json",
    "image/png",
    "image/svg+xml",
    "application/zip",
    "application/problem+json",
    "font/woff2",
]

Question = tuple[str, str, dict[str, str], bytes]


def questions() -> dict[str, Question]:
    asked: dict[str, Question] = {}
    for path in [*INNER, *PAGES, "/health", "/HEALTH", "//health"]:
        asked[f"GET {path}"] = ("GET", path, {}, b"")
    for method in ("HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        for path in ("/notes/x", "/health", "/api/publish", "/connection/uni_sse"):
            asked[f"{method} {path}"] = (method, path, {}, b"")
    asked["what a stranger says, to web"] = ("GET", "/", STRANGER, b"")
    asked["what a stranger says, to the gateway"] = ("GET", "/connection/x", STRANGER, b"")
    asked["a WebSocket"] = ("GET", "/connection/websocket", UPGRADE, b"")
    asked["a WebSocket that is refused"] = (
        "GET",
        "/connection/websocket?status=503&h=Retry-After:5&type=text/plain&body=9",
        UPGRADE,
        b"",
    )
    for code in (
        201,
        204,
        301,
        303,
        304,
        400,
        401,
        403,
        404,
        409,
        412,
        422,
        429,
        500,
        502,
        503,
        504,
    ):
        asked[f"web answers {code}"] = ("GET", f"/x?status={code}&h=Retry-After:9", {}, b"")
    for name in OWN:
        asked[f"web says {name}"] = ("GET", f"/x?h={name}", {}, b"")
    for kind in TYPES:
        for size in (100, 5_000):
            path = f"/x?type={kind.replace('+', '%2B')}&body={size}"
            asked[f"{size} bytes of {kind}, compressed"] = (
                "GET",
                path,
                {"Accept-Encoding": "gzip"},
                b"",
            )
    asked["a live answer is not compressed"] = (
        "GET",
        "/connection/x?type=text/plain&body=5000",
        {"Accept-Encoding": "gzip"},
        b"",
    )
    for method in ("GET", "POST"):
        asked[f"web ends at a {method}"] = (method, f"/x?dies={secrets.token_hex(8)}", {}, b"")
    asked["a form"] = ("POST", "/users/login", FORM, b"a=b")
    asked["a body of 1 MiB"] = ("POST", "/x", FORM, b"x" * 2**20)
    asked["a body of 1 MiB and a byte"] = ("POST", "/x", FORM, b"x" * (2**20 + 1))
    for host in ("127.0.0.1", "127.0.0.1:3000", "[::1]", "[::1]:3000", "other.example"):
        asked[f"a page at {host}"] = ("GET", "/notes/a?b=c", {"Host": host}, b"")
        asked[f"a form at {host}"] = ("POST", "/notes/a", {"Host": host}, b"")
        asked[f"live at {host}"] = ("GET", "/connection/x", {"Host": host}, b"")
    return asked


QUESTIONS = questions()


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()


def missing() -> bool:
    return not shutil.which("docker") or bool(
        subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    )


class Edges:
    """Both edges, each with a network of its own in which web and the gateway are echoes."""

    def __init__(self, folder: Path) -> None:
        self._name = f"two-edges-{secrets.token_hex(3)}"
        self._folder = folder
        self.ports: dict[str, int] = {}

    def start(self) -> None:
        docker("network", "create", self._name)
        for alias in ("web", "realtime-gateway"):
            command = "import runpy; runpy.run_path('/echo.py', run_name='__main__')"
            docker(
                "run",
                "-d",
                "--init",
                "--name",
                f"{self._name}-{alias}",
                "--network",
                self._name,
                "--network-alias",
                alias,
                "-v",
                f"{ECHO}:/echo.py:ro",
                PYTHON,
                "python",
                "-c",
                command,
            )
        for service, files in {
            "caddy": ["compose.yaml"],
            "haproxy": ["compose.yaml", "compose.crowd.yaml"],
        }.items():
            self._edge(service, files)

    def _edge(self, name: str, files: list[str]) -> None:
        edge = _configured(files)["services"]["edge"]
        tag = f"{self._name}-{name}:test"
        arguments = [
            each
            for key, value in edge["build"]["args"].items()
            for each in ("--build-arg", f"{key}={value}")
        ]
        docker(
            "build",
            "-q",
            "-t",
            tag,
            "-f",
            str(ROOT / edge["build"]["dockerfile"]),
            *arguments,
            str(ROOT),
        )
        given = edge["environment"] | {"WEB_PORT": "8000", "GATEWAY_PORT": "8000"}
        environment = [
            each for key, value in given.items() for each in ("-e", f"{key}={value}")
        ]
        capabilities = [f"--cap-add={each}" for each in edge.get("cap_add") or []]
        docker(
            "run",
            "-d",
            "--init",
            "--name",
            f"{self._name}-{name}",
            "--network",
            self._name,
            "--user",
            edge["user"],
            "--read-only",
            "--tmpfs",
            "/tmp",
            "--cap-drop=ALL",
            *capabilities,
            "--security-opt=no-new-privileges:true",
            f"--memory={edge['mem_limit']}",
            f"--ulimit=nofile={edge['ulimits']['nofile']['hard']}",
            *environment,
            "-p",
            "127.0.0.1::80",
            tag,
        )
        self.ports[name] = int(
            docker("port", f"{self._name}-{name}", "80/tcp").rpartition(":")[2]
        )

    def logs(self, name: str) -> str:
        done = subprocess.run(
            ["docker", "logs", f"{self._name}-{name}"],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout + done.stderr

    def remove(self) -> None:
        for name in ("web", "realtime-gateway", "caddy", "haproxy"):
            subprocess.run(
                ["docker", "rm", "-fv", f"{self._name}-{name}"],
                capture_output=True,
                check=False,
            )
            subprocess.run(
                ["docker", "rmi", f"{self._name}-{name}:test"], capture_output=True, check=False
            )
        subprocess.run(
            ["docker", "network", "rm", self._name], capture_output=True, check=False
        )


def _configured(files: list[str]) -> dict[str, Any]:
    chosen = [word for file in files for word in ("-f", str(ROOT / file))]
    found: dict[str, Any] = json.loads(docker("compose", *chosen, "config", "--format", "json"))
    return found


@pytest.fixture(scope="module")
def edges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edges]:
    if missing():
        pytest.skip("no Docker Engine answers")
    both = Edges(tmp_path_factory.mktemp("edges"))
    try:
        both.start()
        for name, port in both.ports.items():
            _wait(port, lambda name=name: both.logs(name))
        yield both
    finally:
        both.remove()


def _wait(port: int, logs: Any) -> None:
    """Until pages and live connections both get through."""
    end = time.monotonic() + 60
    while True:
        try:
            if [
                answer(port, ("GET", p, {}, b""))["status"] for p in ("/", "/connection/x")
            ] == [200, 200]:
                return
        except OSError:
            pass
        assert time.monotonic() < end, logs()
        time.sleep(0.2)


def answer(port: int, question: Question) -> dict[str, Any]:
    """The answer as a client sees it: its status, headers and body."""
    method, path, headers, body = question
    said = {"Host": "localhost", **headers}
    if body or method in ("POST", "PUT", "PATCH"):
        said["Content-Length"] = str(len(body))
    if said.setdefault("Connection", "close") == "Upgrade":
        said["Connection"] = "Upgrade, close" if "status" in path else "Upgrade"
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        with contextlib.suppress(ConnectionError):  # it has answered, and reads no further
            wire.sendall(body)
        return _read(wire, method)


def _read(wire: socket.socket, method: str) -> dict[str, Any]:
    received = b""
    try:
        while piece := wire.recv(65_536):
            received += piece
            if received.startswith(b"HTTP/1.1 101") and b"\r\n\r\n" in received:
                break
    except ConnectionError:
        pass
    if not received:
        raise ConnectionError("closed without an answer")
    head, _, rest = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    if headers.get("transfer-encoding") == ["chunked"]:
        rest = _joined(rest)
    return {
        "status": int(first.split()[1]),
        "headers": headers,
        "body": rest if method != "HEAD" else b"",
    }


def _joined(chunks: bytes) -> bytes:
    body = b""
    while chunks:
        size, _, chunks = chunks.partition(b"\r\n")
        body, chunks = body + chunks[: int(size, 16)], chunks[int(size, 16) + 2 :]
    return body


def comparable(found: dict[str, Any]) -> dict[str, Any]:
    """Without what tells one way of carrying an answer from another."""
    carrying = {"date", "connection", "content-length", "transfer-encoding", "keep-alive"}
    headers = {
        name: values for name, values in found["headers"].items() if name not in carrying
    }
    compressed = headers.get("content-encoding")
    body = found["body"]
    if compressed:
        headers.pop("etag", None)
        body = b"compressed"
    elif body.startswith(b'{"method"'):
        body = _echoed(json.loads(body))
    if found["status"] in (204, 304):
        headers.pop("content-type", None)  # of nothing
    # Which answers could have been compressed is told by each in its own way, to caches alone.
    varies = ", ".join(headers.pop("vary", [])).lower().split(", ")
    headers["vary"] = [each for each in varies if each not in ("", "accept-encoding")]
    return {"status": found["status"], "headers": headers, "body": body}


def _echoed(said: dict[str, Any]) -> dict[str, Any]:
    left = {
        "connection",
        "content-length",
        "transfer-encoding",
        "accept-encoding",
        "via",
        "user-agent",
    }
    headers = {name: value for name, value in said["headers"] if name not in left}
    assert re.fullmatch(r"[0-9a-f-]{36}", headers.pop("x-request-id"))
    headers["x-forwarded-for"] = re.sub(
        r"\d+\.\d+\.\d+\.\d+", "an address", headers["x-forwarded-for"]
    )
    return {**said, "headers": headers}


def test_at_least_a_hundred_questions_are_asked() -> None:
    assert len(QUESTIONS) >= 100


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_edges_answer_alike(edges: Edges, question: str) -> None:
    caddy, haproxy = (
        comparable(answer(edges.ports[name], QUESTIONS[question]))
        for name in ("caddy", "haproxy")
    )
    assert haproxy == caddy
