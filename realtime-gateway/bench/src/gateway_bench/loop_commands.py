"""The commands of the Python load generator: python -m gateway_bench.loop_commands."""

import asyncio
import random
import socket
import ssl
import sys
import time
from contextlib import suppress
from pathlib import Path

import uvloop

from gateway_bench.loop_generator import OPTIONS, Client, Load

_REPORT_EVERY, _DRAIN_LIMIT, _QUIET_LIMIT = 0.25, 10.0, 2.0
_HANDSHAKES_AT_ONCE = 64
_ATTEMPT_SECONDS = 10.0


class Commands:
    """The commands of the C generator, in Python."""

    def __init__(self, host: str, port: int, load: Load) -> None:
        self._host, self._port, self._load = host, port, load
        self._fanout = int(load.option["fanout"])
        self._wanted = 0
        self._keepers: list[asyncio.Task[None]] = []
        self._slots = asyncio.Semaphore(_HANDSHAKES_AT_ONCE)
        self._tls = _unchecked() if load.option["tls"] == "1" else None
        self._feed: asyncio.StreamWriter | None = None

    async def connect_feed(self) -> None:
        """Connect to where publications are sent."""
        port = int(self._load.option["feed_port"])
        if port:
            reader, self._feed = await asyncio.open_connection(
                self._load.option["feed_host"], port
            )
            self._feed.writelines(self._load.prefaces)
            self._drain = asyncio.create_task(_discard(reader))

    async def open(self, count: int, _at_once: int, seconds: float) -> None:
        """Connect so many clients, in at most so many seconds."""
        self._load.begin(1)
        self._wanted = count
        for index in range(len(self._keepers), count):
            self._keepers.append(asyncio.create_task(self._keep(index)))
        limit = time.monotonic() + seconds
        while len(self._load.ready) < count and time.monotonic() < limit:
            await self._wait(0.05)
        self._load.report("done", time.monotonic() - self._load.started)

    async def closed(self, outstanding: int, seconds: float, stride: int) -> None:
        """Keep so many publications on their way, for so long."""
        load = self._load
        load.begin(stride)
        limit = load.started + seconds
        allowed = outstanding * self._fanout
        while time.monotonic() < limit:
            while load.count["expected"] - load.count["delivered"] + self._fanout <= allowed:
                self._publish(time.monotonic())
            await self._wait(0)
        await self._finish()

    async def rate(self, per_second: float, seconds: float, stride: int) -> None:
        """Publish on schedule, for so long."""
        load = self._load
        load.begin(stride)
        due, limit = load.started + 1 / per_second, load.started + seconds
        while time.monotonic() < limit:
            while due <= time.monotonic() and due < limit:
                self._publish(due)
                due += 1 / per_second
            await self._wait(max(0.0, min(due, limit) - time.monotonic()))
        await self._finish()

    async def idle(self, seconds: float) -> None:
        """Do nothing for so long, and answer pings."""
        self._load.begin(1)
        while time.monotonic() < self._load.started + seconds:
            await self._wait(min(0.05, seconds))
        self._load.report("done", time.monotonic() - self._load.started)

    async def storm(self, seconds: float, drop_ourselves: int) -> None:
        """Cut all clients off, or see it done, and have them come back."""
        load = self._load
        load.begin(1)
        for client in list(load.ready) if drop_ourselves else ():
            client.end()
        while time.monotonic() < load.started + seconds:
            await self._wait(0.02)
            back = len(load.ready) == self._wanted
            if back and load.count["lost_connections"] >= self._wanted:
                break
        load.report("done", time.monotonic() - load.started)

    async def _keep(self, index: int) -> None:
        """One client for good: comes back with full jitter, 500 ms to 20 s, when lost."""
        tries = 0
        port = self._port + index % int(self._load.option["ports"])
        loop = asyncio.get_running_loop()
        while True:
            ready = False
            async with self._slots:
                with suppress(OSError, TimeoutError):
                    async with asyncio.timeout(_ATTEMPT_SECONDS):
                        _, client = await loop.create_connection(
                            lambda: Client(self._load, index), self._host, port, ssl=self._tls
                        )
                        ready = await client.settled
            if ready:
                tries = 0
                await client.gone
            else:
                self._load.count["failed"] += 1
            await asyncio.sleep(min(20.0, 0.5 + random.uniform(0, 0.5 * 2 ** min(tries, 6))))
            tries += 1

    def _publish(self, at: float) -> None:
        load = self._load
        publication = load.publications[load.count["published"] % len(load.publications)]
        before, mark, after = publication.partition(b"T=")
        stamp = b"%019d" % int(at * 1e9)
        assert self._feed is not None
        self._feed.write(before + mark + stamp + after[19:] if mark else publication)
        load.count["published"] += 1
        load.count["expected"] += self._fanout

    async def _finish(self) -> None:
        load = self._load
        window, in_window = time.monotonic() - load.started, load.count["delivered"]
        limit = time.monotonic() + _DRAIN_LIMIT
        while load.count["delivered"] < load.count["expected"] and time.monotonic() < limit:
            await self._wait(0.02)
            if time.monotonic() - load.last_delivery > _QUIET_LIMIT:
                break
        load.report("done", window, in_window)

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._load.report_when_due(_REPORT_EVERY)


def _unchecked() -> ssl.SSLContext:
    """For servers started here, whose certificates are their own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])  # as browsers do for a WebSocket of its own
    return context


async def _discard(reader: asyncio.StreamReader) -> None:
    while await reader.read(1 << 16):
        pass


async def obey(commands: Commands, line: str) -> None:
    """Run the command in one line; ValueError if it is none."""
    match line.split():
        case ["open", count, at_once, seconds]:
            await commands.open(int(count), int(at_once), float(seconds))
        case ["closed", outstanding, seconds, stride]:
            await commands.closed(int(outstanding), float(seconds), int(stride))
        case ["rate", per_second, seconds, stride]:
            await commands.rate(float(per_second), float(seconds), int(stride))
        case ["idle", seconds]:
            await commands.idle(float(seconds))
        case ["storm", seconds, drop]:
            await commands.storm(float(seconds), int(drop))
        case _:
            raise ValueError(f"unknown command: {line!r}")


def read_lists(content: bytes) -> list[list[bytes]]:
    """The four lists of a file made by dialect.byte_file."""
    lists, at = [], 0

    def number() -> int:
        nonlocal at
        at += 4
        return int.from_bytes(content[at - 4 : at], "little")

    for _ in range(4):
        items = []
        for _ in range(number()):
            size = number()
            items.append(content[at : at + size])
            at += size
        lists.append(items)
    return lists


async def run(host: str, port: int, content: bytes, options: dict[str, str]) -> None:
    """Read commands from standard input until it ends."""
    commands = Commands(host, port, Load(read_lists(content), OPTIONS | options))
    await commands.connect_feed()
    while line := await asyncio.to_thread(sys.stdin.readline):
        await obey(commands, line)


if __name__ == "__main__":
    _host, _port, _path, *_pairs = sys.argv[1:]
    _options = dict(pair.split("=", 1) for pair in _pairs)
    # Not asyncio's own loop: that one fills 256 KiB for each connection with TLS.
    uvloop.run(run(socket.gethostbyname(_host), int(_port), Path(_path).read_bytes(), _options))
