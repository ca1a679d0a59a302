"""Caddy and HAProxy as compose starts them: version, user, memory, a read-only root, no
capabilities. Web and the gateway are echoes.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conditions import eventually
from edge_questions import UPGRADE, Question

ROOT = Path(__file__).resolve().parents[2]
ECHO = Path(__file__).with_name("echo_service.py")
PYTHON = os.environ.get("PYTHON_IMAGE", "python:3.13-slim")


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

    def __init__(self, certificates: Path | None = None) -> None:
        """With a folder of certificates both speak TLS as https://localhost: HAProxy shows that
        one, Caddy one of its own.
        """
        self._name = f"two-edges-{secrets.token_hex(3)}"
        self._certificates = certificates
        self.ports: dict[str, int] = {}
        self.plain_ports: dict[str, int] = {}

    def start(self) -> None:
        docker("network", "create", self._name)
        for alias in ("web", "realtime-gateway"):
            self._echo(alias, alias)
        for service, files in {
            "caddy": ["compose.yaml"],
            "haproxy": ["compose.yaml", "compose.crowd.yaml"],
        }.items():
            self._edge(service, files)

    def _echo(self, name: str, alias: str) -> None:
        command = "import runpy; runpy.run_path('/echo.py', run_name='__main__')"
        volume = f"{ECHO}:/echo.py:ro"
        self._run(name, "--network-alias", alias, "-v", volume, PYTHON, "python", "-c", command)

    def _run(self, name: str, *words: str) -> None:
        """A container of this pair, in its network."""
        named = ("--name", f"{self._name}-{name}", "--network", self._name)
        docker("run", "-d", "--init", *named, *words)

    @contextlib.contextmanager
    def hung_gateway(self, name: str) -> Iterator[None]:
        """A second node that this edge has found, which takes connections and answers none."""
        who: Question = ("GET", "/connection/x?who=1", {}, b"")
        try:
            self._echo("hung", "realtime-gateway")
            eventually(lambda: self.answer(name, who)["body"] in self._id("hung"))
            docker("pause", f"{self._name}-hung")
            yield
        finally:
            _remove(f"{self._name}-hung")

    def _edge(self, name: str, files: list[str]) -> None:
        edge = configured(files)["services"]["edge"]
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
        secure: list[str] = []
        if self._certificates:
            given |= {"SITE_ADDRESS": "localhost", "PUBLIC_URL": "https://localhost"}
            given |= {"TLS_CERTIFICATE": "/etc/edge/certificates"} if name == "haproxy" else {}
            secure += ["-v", f"{self._certificates}:/etc/edge/certificates:ro"]
            secure += ["-p", "127.0.0.1::443", "--mount", "type=volume,dst=/var/lib/caddy"]
        environment = [
            each for key, value in given.items() for each in ("-e", f"{key}={value}")
        ]
        capabilities = [f"--cap-add={each}" for each in edge.get("cap_add") or []]
        self._run(
            name,
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
            *secure,
            "-p",
            "127.0.0.1::80",
            tag,
        )
        self.plain_ports[name] = self._port(name, 80)
        self.ports[name] = self._port(name, 443 if self._certificates else 80)

    def _port(self, name: str, inside: int) -> int:
        return int(docker("port", f"{self._name}-{name}", f"{inside}/tcp").rpartition(":")[2])

    def _id(self, name: str) -> bytes:
        return docker("inspect", "-f", "{{.Id}}", f"{self._name}-{name}").encode()

    def answer(self, name: str, question: Question) -> dict[str, Any]:
        return answer(self.ports[name], question, tls=self._certificates is not None)

    @contextlib.contextmanager
    def websocket(self, name: str) -> Iterator[int]:
        """An open WebSocket, or one that was refused: the status of the answer."""
        with wire(self.ports[name], tls=self._certificates is not None) as connection:
            lines = [
                f"{key}: {value}" for key, value in {"Host": "localhost", **UPGRADE}.items()
            ]
            head = ["GET /connection/websocket HTTP/1.1", *lines, "", ""]
            connection.sendall("\r\n".join(head).encode())
            yield int(connection.recv(65_536).split()[1])

    def wait(self) -> None:
        """Until pages and live connections both get through."""
        for name in self.ports:
            end = time.monotonic() + 60
            while not self._gets_through(name):
                assert time.monotonic() < end, self.logs(name)
                time.sleep(0.2)

    def _gets_through(self, name: str) -> bool:
        asked: list[Question] = [("GET", path, {}, b"") for path in ("/", "/connection/x")]
        try:
            return all(self.answer(name, each)["status"] == 200 for each in asked)
        except OSError:
            return False

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
            _remove(f"{self._name}-{name}")
            subprocess.run(
                ["docker", "rmi", f"{self._name}-{name}:test"], capture_output=True, check=False
            )
        subprocess.run(
            ["docker", "network", "rm", self._name], capture_output=True, check=False
        )


def _remove(container: str) -> None:
    subprocess.run(["docker", "rm", "-fv", container], capture_output=True, check=False)


def configured(files: list[str]) -> dict[str, Any]:
    chosen = [word for file in files for word in ("-f", str(ROOT / file))]
    found: dict[str, Any] = json.loads(docker("compose", *chosen, "config", "--format", "json"))
    return found


@contextlib.contextmanager
def wire(port: int, *, tls: bool, protocols: tuple[str, ...] = ()) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        if not tls:
            yield plain
            return
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # made for this test
        context.set_alpn_protocols(list(protocols))
        with context.wrap_socket(plain, server_hostname="localhost") as secured:
            yield secured


def answer(port: int, question: Question, *, tls: bool = False) -> dict[str, Any]:
    """The answer as a client sees it: its status, headers and body."""
    method, path, headers, body = question
    said = {"Host": "localhost", **headers}
    if body or method in ("POST", "PUT", "PATCH"):
        said["Content-Length"] = str(len(body))
    if said.setdefault("Connection", "close") == "Upgrade":
        said["Connection"] = "Upgrade, close" if "status" in path else "Upgrade"
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
    with wire(port, tls=tls) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        with contextlib.suppress(OSError):  # it has answered, and reads no further
            connection.sendall(body)
        return _read(connection, method)


def _read(connection: socket.socket, method: str) -> dict[str, Any]:
    received = b""
    try:
        while piece := connection.recv(65_536):
            received += piece
            if received.startswith(b"HTTP/1.1 101") and b"\r\n\r\n" in received:
                break
    except (ConnectionError, ssl.SSLError):
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
