"""The load: writers that save over HTTP, and viewers that listen on the gateway.

Both cost as little as Python lets them, because they share the two cores with what they
measure: writers speak HTTP on kept-alive connections, viewers count frames and read only some.
"""

import asyncio
import json
import multiprocessing
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

Json = dict[str, Any]

_CONNECT = b'{"id":1,"connect":{}}\n'
_SUBSCRIBE = b'{"id":2,"subscribe":{"channel":"%b"}}'
_TRY_AGAIN_SECONDS = 0.1  # after a temporary error, as SDKs do
_READ_EVERY = 20  # of so many viewers one reads what it gets


class Http:
    """One kept-alive connection; answers must have a Content-Length, as ours do."""

    def __init__(self, port: int, *, host: str = "localhost") -> None:
        """`host` is the name that it asks for: web answers to that of the site alone."""
        self._port, self._host = port, host
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, *, headers: str = "", body: bytes = b""
    ) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{headers}"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or b"0")
        return int(head[9:12]), await reader.readexactly(length)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


@dataclass
class Writer:
    """Saves its notes in turn, one request at a time."""

    port: int
    token: str
    versions: dict[str, int]
    seconds: list[float] = field(default_factory=list)

    async def write_until(self, is_over: Callable[[], bool], *, every: float = 0) -> None:
        """Without a pause, or at most one save `every` so many seconds."""
        http = Http(self.port)
        keys = list(self.versions)
        due = time.perf_counter() + random.uniform(0, every)
        while not is_over():
            await asyncio.sleep(max(0, due - time.perf_counter()))
            due = max(due + every, time.perf_counter())
            key = keys[len(self.seconds) % len(keys)]
            started = time.perf_counter()
            await self.save(http, key)
            self.seconds.append(time.perf_counter() - started)
        http.close()

    async def save(self, http: Http, key: str) -> None:
        words = {"title": f"Menu, save {len(self.seconds)}", "body": "Soup and **bread**"}
        headers = (
            f'Authorization: Bearer {self.token}\r\nIf-Match: "{self.versions[key]}"\r\n'
            "Content-Type: application/json\r\n"
        )
        status, answer = await http.request(
            "PUT", f"/v1/notes/{key}", headers=headers, body=json.dumps(words).encode()
        )
        if status != 200:
            raise RuntimeError(f"a save was answered with {status}: {answer[:300]!r}")
        self.versions[key] += 1


class _Viewer(asyncio.Protocol):
    """A WebSocket that counts: publications, bytes, and (a reader) how late each one came."""

    def __init__(self, channel: str, *, reads: bool, seen: "Seen", origin: str) -> None:
        self._channel, self._reads, self._seen = channel.encode(), reads, seen
        self._origin = f"Origin: {origin}\r\n".encode() if origin else b""
        self._buffer = bytearray()
        self._is_open = False
        self.subscribed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._write(
            b"GET /connection/websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" + self._origin + b"\r\n"
        )

    def data_received(self, data: bytes) -> None:
        now = time.time()
        self._buffer += data
        if not self._is_open:
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                raise RuntimeError(f"the upgrade was answered {head[:100]!r}")
            self._is_open, self._buffer = True, bytearray(rest)
            self._send(_CONNECT + _SUBSCRIBE % self._channel)
        self._take_frames(now)

    def _take_frames(self, now: float) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            length, start = buffer[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if len(buffer) < start + length:
                break
            self._take(bytes(buffer[start : start + length]), start + length - at, now)
            at = start + length
        del buffer[:at]

    def _take(self, payload: bytes, size: int, now: float) -> None:
        if payload == b"{}":  # a ping, answered as the protocol asks
            self._send(b"{}")
        elif payload.startswith(b'{"push"'):
            self._seen.publications += 1
            self._seen.bytes += size
            if self._reads:
                self._seen.late += [now - moment for moment in _moments(payload)]
        elif b'{"id":2,"error"' in payload:
            subscribe = _SUBSCRIBE % self._channel
            asyncio.get_running_loop().call_later(_TRY_AGAIN_SECONDS, self._send, subscribe)
        elif b'{"id":2' in payload and not self.subscribed.done():
            self.subscribed.set_result(None)

    def _send(self, payload: bytes) -> None:
        # A mask of zeros is a mask: the payload stays as it is.
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        self._write(b"\x81" + length + b"\0\0\0\0" + payload)

    def _write(self, data: bytes) -> None:
        assert isinstance(self._transport, asyncio.Transport)
        self._transport.write(data)


def _moments(payload: bytes) -> list[float]:
    """When each event in the frame was made, by its own word."""
    made = [json.loads(line)["push"]["pub"]["data"]["at"] for line in payload.split(b"\n")]
    return [datetime.fromisoformat(at).timestamp() for at in made]


@dataclass
class Seen:
    """What all viewers of a process saw together."""

    publications: int = 0
    bytes: int = 0
    late: list[float] = field(default_factory=list)


class Viewers:
    """So many viewers of `channel`, in a process of their own, perhaps as pages of a site
    (`origin`, as browsers say it); used as a context.
    """

    def __init__(
        self, count: int, *, port: int, channel: str = "home", origin: str = ""
    ) -> None:
        self.count = count
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        arguments = (theirs, count, port, channel, origin)
        self._process = spawn.Process(target=_view, args=arguments, daemon=True)

    def __enter__(self) -> "Viewers":
        self._process.start()
        self._expect("subscribed")
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.send("end")
        self._process.join(10)

    async def quiet(self, due: int = 0) -> "Seen":
        """What was seen since the last call, once nothing more comes.

        Frames that are `due` are waited for, five seconds at most.
        """
        all_seen = Seen()
        give_up = time.monotonic() + 5
        while True:
            await asyncio.sleep(0.3)
            self._pipe.send("seen")
            seen: Seen = self._expect("")
            is_all = all_seen.publications >= due or time.monotonic() > give_up
            if not seen.publications and is_all:
                return all_seen
            all_seen.publications += seen.publications
            all_seen.bytes += seen.bytes
            all_seen.late += seen.late

    def _expect(self, word: str) -> Any:
        if not self._pipe.poll(30):
            raise RuntimeError("the viewers do not answer")
        said = self._pipe.recv()
        if word and said != word:
            raise RuntimeError(f"the viewers said {said!r}")
        return said


def _view(*arguments: Any) -> None:
    asyncio.run(_viewing(*arguments))


async def _viewing(pipe: Connection, count: int, port: int, name: str, origin: str) -> None:
    loop = asyncio.get_running_loop()
    seen = Seen()
    viewers: list[_Viewer] = []
    for number in range(count):
        reads = number % _READ_EVERY == 0
        viewer = _Viewer(name, reads=reads, seen=seen, origin=origin)
        await loop.create_connection(lambda v=viewer: v, "127.0.0.1", port)  # type: ignore[misc]
        viewers.append(viewer)
    await asyncio.wait_for(asyncio.gather(*(viewer.subscribed for viewer in viewers)), 20)
    pipe.send("subscribed")
    asked = asyncio.Event()
    loop.add_reader(pipe.fileno(), asked.set)
    while True:
        await asked.wait()
        asked.clear()
        if not pipe.poll():
            continue  # the last question woke us twice
        if pipe.recv() == "end":
            return
        pipe.send(Seen(seen.publications, seen.bytes, list(seen.late)))
        seen.publications, seen.bytes, seen.late[:] = 0, 0, []
