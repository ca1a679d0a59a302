"""A real gateway process for tests, and what one asks it over HTTP."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
from forked_process import ForkedProcess
from local_stack.ports import free_port
from local_stack.valkey import Valkey

KEEP = {"history_size": 300, "history_ttl": "10m", "force_recovery": True}


def insecure(**client: Any) -> dict[str, Any]:
    """Options under which everybody may do everything."""
    return {
        "client": {"insecure": True, "allowed_origins": ["*"], **client},
        "http_api": {"key": "api-key"},
        "channel": {"without_namespace": dict(KEEP), "namespaces": [{"name": "plain"}]},
    }


class GatewayProcess:
    """Starts when made; `stop` before the test ends."""

    def __init__(
        self,
        folder: Path,
        options: dict[str, Any],
        redis_url: str,
        arguments: Sequence[str] = (),
        program: Sequence[str] = (),
        **environ: str,
    ) -> None:
        """With a `program` for Python, or with workers, it has an interpreter of its own."""
        self.port = free_port()
        self._log = folder / f"gateway-{self.port}.log"
        config = folder / f"gateway-{self.port}.json"
        config.write_text(json.dumps(options))
        given = ["--config", str(config), "--port", str(self.port), "--redis", redis_url]
        given += arguments
        env = {**os.environ, **environ}
        self.process: subprocess.Popen[bytes] | ForkedProcess
        if not program and "--workers" not in arguments:
            self.process = ForkedProcess("realtime_gateway", *given, env=env, log=self._log)
            return
        command = [sys.executable, *(program or ("-m", "realtime_gateway")), *given]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log)

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/connection/websocket"

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def memory(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def wait_ready(self, seconds: float = 120.0) -> "GatewayProcess":
        """Long, for a busy machine: how fast one starts is no promise."""
        return self.wait_until(200, seconds)

    def wait_until(self, status: int, seconds: float = 60.0) -> "GatewayProcess":
        """Wait for `/ready` to answer `status`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.http_url}/ready", timeout=30).status_code == status:
                    return self
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the gateway did not answer {status}:\n{self.log}")

    def api(self, method: str, **parameters: Any) -> dict[str, Any]:
        answer = httpx.post(
            f"{self.http_url}/api/{method}", json=parameters, headers={"X-API-Key": "api-key"}
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def publish(self, channel: str, data: Any, **more: Any) -> dict[str, Any]:
        result: dict[str, Any] = self.api("publish", channel=channel, data=data, **more)[
            "result"
        ]
        return result

    def metric(self, name: str, **labels: str) -> float:
        wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
        line = f"gateway_{name}{{{wanted}}}" if wanted else f"gateway_{name}"
        for each in httpx.get(f"{self.http_url}/metrics").text.splitlines():
            if each.startswith(line + " "):
                return float(each.rpartition(" ")[2])
        return 0.0

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


StartGateway = Callable[..., GatewayProcess]
"""The fixture `start_gateway(options, **environ)`."""


@contextmanager
def two_nodes(
    folder: Path, servers_dir: Path, options: dict[str, Any]
) -> Iterator[tuple[GatewayProcess, GatewayProcess]]:
    """Two nodes with the same options on one Valkey of their own."""
    valkey = Valkey(servers_dir / secrets.token_hex(4), persist=False)
    valkey.start()
    first, second = (GatewayProcess(folder, options, valkey.url) for _ in range(2))
    try:
        yield first.wait_ready(), second.wait_ready()
    finally:
        first.kill()
        second.kill()
        valkey.stop()
