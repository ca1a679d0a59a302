"""The ways into the stack: the gateway's own port, and each edge with its real routing table.

Caddy is the stack's own edge. HAProxy is started beside it where this machine has one; where
it has none, `left_out` says so in a sentence.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from gateway_bench.build import NotHere
from gateway_bench.edge import HAPROXY, Site
from local_stack.logs import Log
from local_stack.ports import free_port
from local_stack.process import Process
from local_stack.readiness import wait_until_answers
from local_stack.stack import Stack

_OPEN_FILES = 4_096


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where viewers connect. `name` is empty for the gateway's own port."""

    name: str
    port: int
    origin: str = ""  # what a browser would say
    pid: int | None = None  # of the edge

    @property
    def words(self) -> str:
        """To be appended to what was measured."""
        return f", through {self.name}" if self.name else ""

    def cpu_seconds(self) -> float:
        """The edge's processor time until now."""
        if self.pid is None:
            return 0.0
        edge = psutil.Process(self.pid)
        times = [each.cpu_times() for each in [edge, *edge.children(recursive=True)]]
        return sum(each.user + each.system for each in times)


@dataclass(frozen=True, slots=True)
class Entrances:
    own: Entrance
    edges: list[Entrance]
    left_out: list[str]


@contextmanager
def entrances(stack: Stack) -> Iterator[Entrances]:
    """The ways in while the stack runs; what was started for them ends with the block."""
    own = Entrance("", stack.environment.gateway_ports[0])
    caddy = Entrance("Caddy", stack.edge.port, stack.url, stack.edge.pid)
    with tempfile.TemporaryDirectory(prefix="notes-bench-haproxy-") as folder:
        try:
            process, port = _haproxy(stack, Path(folder))
        except NotHere as reason:
            yield Entrances(own, [caddy], [f"through HAProxy: {reason}"])
            return
        process.start()
        try:
            wait_until_answers(process, f"http://127.0.0.1:{port}/health")
            haproxy = Entrance("HAProxy", port, stack.url, process.pid)
            yield Entrances(own, [caddy, haproxy], [])
        finally:
            process.stop()


def _haproxy(stack: Stack, folder: Path) -> tuple[Process, int]:
    """Not started yet, and its port. Raises NotHere where this machine has none."""
    port, environment = free_port(), stack.environment
    site = Site(
        folder,
        port,
        inner_port=free_port(),
        plain_port=port,
        gateways=environment.gateway_ports,
        web=environment.web_port,
        tls=False,
        open_files=_OPEN_FILES,
    )
    launch = HAPROXY.launch(HAPROXY.find(None), site)
    log = Log("haproxy", folder / "haproxy.log")
    env = {"PATH": os.environ.get("PATH", ""), **launch.env}
    return Process("haproxy", launch.command, env=env, cwd=folder, log=log), port
