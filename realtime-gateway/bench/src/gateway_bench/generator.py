"""The load generator as Python sees it: a child process that takes one command at a time.

The C program is used where it can be built, else loop_commands.py, which speaks the same lines
and can do perhaps a twentieth of it. `native` says which; the result says it too.
"""

import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from gateway_bench.audience import Audience
from gateway_bench.build import NotHere, c_program
from gateway_bench.dialect import Dialect, byte_file, client_frame, upgrade
from gateway_bench.feed import Feed
from gateway_bench.figures import Cpu, Histogram, Moment
from gateway_bench.process import pinned

_PORTS_PER_ADDRESS = 20_000
_HANDSHAKES_AT_ONCE = 128
_OPEN_SECONDS = 180.0
_SILENCE_LIMIT_SECONDS = 30.0
_WORDS = 800  # of what it said last

Watch = Callable[[Moment], None]


class GeneratorFailed(Exception):
    """The generator ended or fell silent; its own words are the message."""


@dataclass(frozen=True, slots=True)
class Run:
    """What the generator counted while it did one command."""

    facts: dict[str, Any]
    latency: Histogram
    moments: list[Moment]

    @property
    def cpu(self) -> Cpu:
        """The processor time that the generator has used."""
        return Cpu(self.facts["cpu_user"], self.facts["cpu_system"])

    def __getitem__(self, fact: str) -> Any:
        return self.facts[fact]


@dataclass(frozen=True, slots=True)
class Target:
    """The server to load: an IPv4 address, how it is spoken to, and where to publish."""

    host: str
    port: int
    dialect: Dialect
    feed: Feed | None
    tokens: Sequence[str] = ()
    tls: bool = False  # only the Python generator speaks it; certificates are not checked


class Generator:
    """Use as a context manager; the clients live from `open` to the end of the block."""

    def __init__(
        self,
        target: Target,
        audience: Audience,
        size: int,
        *,
        cache: Path,
        cores: set[int] | None = None,
        native: bool = True,
    ) -> None:
        self._bytes = tempfile.NamedTemporaryFile(prefix="bench-")  # noqa: SIM115 - until __exit__
        self._bytes.write(_byte_strings(target, audience, size))
        self._bytes.flush()
        program, self.native = _program(cache, native and not target.tls)
        command = [*program, target.host, str(target.port), self._bytes.name]
        with pinned(cores):
            self._process = subprocess.Popen(
                [*command, *_options(target, audience, size)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._output, selectors.EVENT_READ)
        self._heard = b""
        self.count = audience.connections

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._bytes.close()

    def open(self, watch: Watch, *, seconds: float = _OPEN_SECONDS) -> Run:
        """Bring all clients to the server, subscribed; as many as come within `seconds`."""
        return self._do(f"open {self.count} {_HANDSHAKES_AT_ONCE} {seconds}", watch)

    def closed(self, outstanding: int, seconds: float, stride: int, watch: Watch) -> Run:
        """Always `outstanding` publications on their way; every `stride`-th delivery timed."""
        return self._do(f"closed {outstanding} {seconds} {stride}", watch)

    def rate(self, per_second: float, seconds: float, stride: int, watch: Watch) -> Run:
        """Publish on schedule, whether or not the server follows."""
        return self._do(f"rate {per_second} {seconds} {stride}", watch)

    def idle(self, seconds: float, watch: Watch) -> Run:
        """Keep the clients connected for so long, and publish nothing."""
        return self._do(f"idle {seconds}", watch)

    def storm(self, seconds: float, watch: Watch) -> Run:
        """Cut all clients off; they come back with the client library's backoff."""
        return self._do(f"storm {seconds} 1", watch)

    def begin_storm(self, seconds: float) -> None:
        """The same when the server is about to die: returns at once, `finish` waits."""
        self._send(f"storm {seconds} 0")

    def finish(self, watch: Watch) -> Run:
        """Wait for the run that was begun; what it found."""
        return self._collect(watch)

    def _do(self, command: str, watch: Watch) -> Run:
        self._send(command)
        return self._collect(watch)

    def _send(self, command: str) -> None:
        self._input.write(f"{command}\n".encode())
        self._input.flush()

    def _collect(self, watch: Watch) -> Run:
        latency, moments = Histogram(), list[Moment]()
        seen, last = 0, 0.0
        while True:
            facts = self._line()
            fresh = Histogram(facts.pop("histogram"))
            latency.merge(fresh)
            elapsed = facts["elapsed"]
            if facts["event"] == "done":
                return Run(facts, latency, moments)
            rate = (facts["delivered"] - seen) / max(elapsed - last, 1e-6)
            seen, last = facts["delivered"], elapsed
            p50, p99 = fresh.percentile(50), fresh.percentile(99)
            moments.append(Moment(elapsed, facts["ready"], rate, p50, p99))
            watch(moments[-1])

    def _line(self) -> dict[str, Any]:
        deadline = time.monotonic() + _SILENCE_LIMIT_SECONDS
        while b"\n" not in self._heard and time.monotonic() < deadline:
            if self._selector.select(timeout=1):
                # Not through a buffering reader: what it holds back, select cannot see.
                heard = os.read(self._output.fileno(), 1 << 16)
                if not heard:
                    break
                self._heard += heard
        line, found_end, self._heard = self._heard.partition(b"\n")
        if not found_end:
            self._process.kill()
            words = self._process.communicate()[1].decode(errors="replace").strip()
            raise GeneratorFailed(words[-_WORDS:] or "the load generator fell silent")
        facts: dict[str, Any] = json.loads(line)
        return facts


def _program(cache: Path, native: bool) -> tuple[list[str], bool]:
    if native:
        try:
            return [str(c_program("generator", cache))], True
        except NotHere:
            pass
    return [sys.executable, "-m", "gateway_bench.loop_commands"], False


def _byte_strings(target: Target, audience: Audience, size: int) -> bytes:
    dialect, host = target.dialect, f"{target.host}:{target.port}"
    clients = range(audience.connections)
    requests = [upgrade(host, dialect.path(audience.channel_of(i))) for i in clients]
    hellos: list[bytes] = []
    if dialect.greeting is not None:
        tokens: Sequence[str | None] = target.tokens or [None]
        for i in clients:
            greeting = dialect.greeting(audience.channel_of(i), tokens[i % len(tokens)])
            hellos.append(client_frame(greeting))
    if len(set(requests)) == 1:
        requests = requests[:1]
    if target.feed is None:
        return byte_file(requests, hellos, [], [])
    publications = [target.feed.publication(n, size) for n in range(audience.channels)]
    return byte_file(requests, hellos, target.feed.prefaces, publications)


def _options(target: Target, audience: Audience, size: int) -> list[str]:
    sources = -(-audience.connections // _PORTS_PER_ADDRESS)
    options = target.dialect.markers | {
        "min": str(size * 3 // 4),
        "fanout": str(audience.fanout),
        "sources": str(sources if target.host.startswith("127.") else 1),
    }
    if target.tls:
        options["tls"] = "1"
    if target.feed is not None:
        options |= {"feed_host": target.feed.host, "feed_port": str(target.feed.port)}
    return [f"{name}={value}" for name, value in options.items()]
