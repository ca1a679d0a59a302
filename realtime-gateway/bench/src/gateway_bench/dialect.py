"""What the generator says to a server and what it counts: one `Dialect` per protocol.

Pure: bytes and markers. A connection has an upgrade request and, after it, perhaps a first
frame; a text message with the dialect's prefix that is long enough counts as a publication.
"""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

STAMP = "T=" + "0" * 19  # the generator overwrites the digits with its clock


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the generator talks to one kind of server."""

    name: str
    path: Callable[[int], str]  # of a client of the n-th channel
    markers: dict[str, str] = field(default_factory=dict)  # options of the generator
    greeting: Callable[[int, str | None], str] | None = None  # (channel, token) -> text

    def with_markers(self, **markers: str) -> "Dialect":
        """The dialect with these markers besides its own."""
        return replace(self, markers=self.markers | markers)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Where clients say they were when they come (back): a channel's position."""

    offset: int
    epoch: str


def raw(path: str = "/{}") -> Dialect:
    """Text messages from the moment of the upgrade: plain WebSocket servers."""
    return Dialect("raw", path.format)


def socketio() -> Dialect:
    """Socket.IO's protocol over a WebSocket (Engine.IO 4)."""
    markers = {"prefix": "42", "after": "0{", "ready": "40{", "ping": "2", "pong": "3"}
    path = "/socket.io/?EIO=4&transport=websocket&channel={}"
    return Dialect("socketio", path.format, markers, lambda _channel, _token: "40")


def centrifuge(
    path: str = "/connection/websocket",
    *,
    namespace: str = "bench:",
    recovery: Recovery | None = None,
) -> Dialect:
    """Connect and subscribe in the first frame, as the official client libraries do."""

    def greeting(channel: int, token: str | None) -> str:
        connect = {"name": "bench"} | ({"token": token} if token else {})
        subscribe: dict[str, object] = {"channel": f"{namespace}{channel}"}
        if recovery is not None:
            subscribe |= {"recover": True, "offset": recovery.offset, "epoch": recovery.epoch}
        commands = [{"id": 1, "connect": connect}, {"id": 2, "subscribe": subscribe}]
        return "\n".join(compact(command) for command in commands)

    return Dialect(
        "centrifuge",
        lambda _channel: path,
        {
            "prefix": '{"push":',
            "ready": '"subscribe":{',
            "ping": "{}",
            "pong": "{}",
            "lines": "1",
        },
        greeting,
    )


def push(channel: str, data: str) -> str:
    """The message a subscriber of the Centrifuge protocol sees; plain peers send the same."""
    return f'{{"push":{{"channel":"{channel}","pub":{{"data":{data}}}}}}}'


def data(size: int) -> str:
    """A JSON object of `size` bytes with a place for the time in it."""
    empty = compact({"stamp": STAMP, "pad": ""})
    if size < len(empty):
        raise ValueError(f"a publication's data has at least {len(empty)} bytes")
    return compact({"stamp": STAMP, "pad": "." * (size - len(empty))})


def data_of_push(channel: str, size: int) -> str:
    """Data such that the whole message to a subscriber has `size` bytes."""
    return data(size - len(push(channel, "")))


def upgrade(host: str, path: str) -> bytes:
    """A WebSocket handshake's request (RFC 6455 section 4.1)."""
    key = base64.b64encode(b"the-sample-nonce").decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def client_frame(text: str) -> bytes:
    """One masked text frame (with a mask of zeros, so that the bytes stay readable)."""
    payload = text.encode()
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + payload


def byte_file(*lists: Sequence[bytes]) -> bytes:
    """The generator's file: per list its count, then the length and bytes of each."""
    parts: list[bytes] = []
    for items in lists:
        parts.append(len(items).to_bytes(4, "little"))
        for item in items:
            parts += [len(item).to_bytes(4, "little"), item]
    return b"".join(parts)


def compact(value: object) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))
