"""The clients of the load generator that needs no C compiler, in asyncio.

loop_commands.py makes of them what c/generator.c is: the same arguments, commands and answers,
perhaps a twentieth of the speed. Whoever reads its figures is told.
"""

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from typing import Any, cast

from gateway_bench.dialect import client_frame
from gateway_bench.figures import slot_of

OPTIONS = {
    "prefix": "", "ready": "", "refused": '"error":', "ping": "", "pong": "", "after": "",
    "feed_host": "127.0.0.1", "feed_port": "0", "min": "0", "lines": "0", "ports": "1",
    "fanout": "1", "sources": "1", "tls": "0",
}  # fmt: skip
_COUNTS = (
    "published", "delivered", "expected", "failed", "refused", "lost_connections", "recovered"
)  # fmt: skip


class Load:
    """Everything the clients share: what to send, what to count, and the counts."""

    def __init__(self, lists: list[list[bytes]], options: dict[str, str]) -> None:
        self.requests, self.hellos, self.prefaces, self.publications = lists
        self.option = options
        self.marker = {k: options[k].encode() for k in ("prefix", "ready", "refused", "after")}
        self.ping, self.pong = options["ping"].encode(), client_frame(options["pong"])
        self.least, self.lines = int(options["min"]), options["lines"] == "1"
        self.ready: set[Client] = set()
        self.begin(1)

    def begin(self, stride: int) -> None:
        """Count anew, and time every `stride`th delivery."""
        self.count = Counter(dict.fromkeys(_COUNTS, 0))
        self.slots: Counter[int] = Counter()
        self.slowest, self.stride, self.close_code = 0, stride, 0
        self.started = self.last_delivery = self.reported = time.monotonic()
        self.usage = resource.getrusage(resource.RUSAGE_SELF)

    def sample(self, seconds: float) -> None:
        """Count one timed delivery."""
        us = max(0, int(seconds * 1e6))
        self.slots[slot_of(us)] += 1
        self.slowest = max(self.slowest, us)

    def report(self, event: str, window: float = 0.0, in_window: int = 0) -> None:
        """Write one line of counts for the parent to read."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        facts: dict[str, Any] = {
            "event": event, "elapsed": time.monotonic() - self.started, "window": window,
            "busy": self.last_delivery - self.started, "ready": len(self.ready),
            "in_window": in_window, "close_code": self.close_code, **self.count,
            "cpu_user": used.ru_utime - self.usage.ru_utime,
            "cpu_system": used.ru_stime - self.usage.ru_stime,
            "slowest": self.slowest, "histogram": sorted(self.slots.items()),
        }  # fmt: skip
        self.slots.clear()
        self.reported = time.monotonic()
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()

    def report_when_due(self, every: float) -> None:
        """Report if the last time is `every` seconds ago."""
        if time.monotonic() > self.reported + every:
            self.report("progress")


class Client(asyncio.Protocol):
    """One WebSocket connection: upgrade, greeting, then counting."""

    def __init__(self, load: Load, index: int) -> None:
        self._load, self._index = load, index
        self._buffer = b""
        self._upgraded = False
        self._since = time.monotonic()
        self.transport: asyncio.Transport | None = None
        self.settled: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the handshake."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's with TLS is none by name
        self.transport.write(self._load.requests[self._index % len(self._load.requests)])

    def connection_lost(self, error: Exception | None) -> None:
        """Count a client that was ready and is lost."""
        if self in self._load.ready:
            self._load.ready.discard(self)
            self._load.count["lost_connections"] += 1
        self._settle(False)
        self.gone.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Go through the handshake, then count publications."""
        self._buffer += data
        if not self._upgraded and not self._upgrade():
            return
        before = self._load.count["delivered"]
        used = 0
        while (frame := _frame(self._buffer, used)) is not None:
            opcode, payload, used = frame
            self._on_frame(opcode, payload)
        self._buffer = self._buffer[used:]
        if self._load.count["delivered"] != before:
            self._load.last_delivery = time.monotonic()

    def _upgrade(self) -> bool:
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return False
        if b" 101" not in head[:16]:
            self._load.count["refused"] += 1
            self.end()
            return False
        self._upgraded, self._buffer = True, rest
        if not self._load.marker["after"]:
            self._greet()
        if not self._load.marker["ready"]:
            self._settle(True)
        return True

    def _on_frame(self, opcode: int, payload: bytes) -> None:
        if opcode == 8:
            self._load.close_code = int.from_bytes(payload[:2], "big")
            self.end()
        elif opcode == 9:
            self._write(b"\x8a\x80\0\0\0\0")
        elif self._load.lines:
            for line in payload.split(b"\n"):
                self._on_message(line)
        else:
            self._on_message(payload)

    def _on_message(self, message: bytes) -> None:
        load, marker = self._load, self._load.marker
        if len(message) >= load.least and message.startswith(marker["prefix"]):
            load.count["delivered"] += 1
            at = message.find(b"T=") if load.count["delivered"] % load.stride == 0 else -1
            if at >= 0:
                load.sample(time.monotonic() - int(message[at + 2 : at + 21]) / 1e9)
        elif load.ping and message == load.ping:
            self._write(load.pong)
        elif marker["after"] and message.startswith(marker["after"]):
            self._greet()
        elif marker["refused"] in message:
            load.count["refused"] += 1
        elif marker["ready"] and marker["ready"] in message:
            load.count["recovered"] += b'"recovered":true' in message
            self._settle(True)

    def _greet(self) -> None:
        if self._load.hellos:
            self._write(self._load.hellos[self._index % len(self._load.hellos)])

    def _settle(self, ready: bool) -> None:
        if self.settled.done():
            return
        self.settled.set_result(ready)
        if ready:
            self._load.ready.add(self)
            self._load.sample(time.monotonic() - self._since)

    def _write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def end(self) -> None:
        """Cut the connection at once."""
        if self.transport is not None:
            self.transport.abort()


def _frame(buffer: bytes, at: int) -> tuple[int, bytes, int] | None:
    """Opcode, payload and end of the frame at `at`, if it is complete."""
    if len(buffer) < at + 2:
        return None
    size, start = buffer[at + 1], at + 2
    if size >= 126:
        start += 2 if size == 126 else 8
        size = int.from_bytes(buffer[at + 2 : start], "big")
    end = start + size
    return None if len(buffer) < max(end, start) else (buffer[at] & 15, buffer[start:end], end)
