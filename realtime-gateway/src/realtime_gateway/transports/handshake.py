"""The opening handshake of RFC 6455, as far as a server decides it: bytes in, verdict out.

Origin patterns are Centrifugo's: `*` stands for any characters; a request without Origin is no
browser's and passes; without any pattern no browser may connect. No extensions are agreed to: a
compressor for each connection costs more memory than the rest of it.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

MAX_HEAD: Final = 16_384
MAX_PARAMETERS: Final = 32
SUBPROTOCOLS: Final = {"centrifuge-json": False, "centrifuge-protobuf": True}
"""By name, whether it is the protobuf encoding."""

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A WebSocket handshake that succeeds, and what the request says."""

    response: bytes
    path: str
    query: dict[str, str]
    is_protobuf: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer over HTTP in place of a WebSocket or a stream."""

    status: HTTPStatus
    why: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def response(self) -> bytes:
        """The whole response, for a connection that closes after it."""
        body = self.why.encode() + b"\n"
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += ["Content-Type: text/plain; charset=utf-8", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body


NOT_AN_UPGRADE: Final = Refused(
    HTTPStatus.UPGRADE_REQUIRED, "this address speaks WebSocket", {"Upgrade": "websocket"}
)
FOREIGN: Final = Refused(HTTPStatus.FORBIDDEN, "this origin is not allowed")
NOT_FOUND: Final = Refused(HTTPStatus.NOT_FOUND, "there is no WebSocket at this address")
TOO_LARGE: Final = Refused(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"a request head has at most {MAX_HEAD} bytes"
)


def overloaded(seconds: int) -> Refused:
    """503, and when to try again."""
    told = {"Retry-After": str(seconds)}
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, "no more connections now", told)


def decide(head: bytes, *, allowed_origins: Sequence[str]) -> Accepted | Refused:
    """The answer to a whole request head, with its empty line, on the WebSocket path."""
    request_line, *lines = head[:-4].decode("latin-1").split("\r\n")
    _, _, rest = request_line.partition(" ")
    target, _, spoken = rest.rpartition(" ")
    if spoken != "HTTP/1.1":
        return Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "WebSocket needs HTTP/1.1")
    headers = _headers(lines)
    if headers is None or len(headers.get("host", ())) != 1:
        return Refused(HTTPStatus.BAD_REQUEST, "not a well-formed HTTP/1.1 request")
    if "websocket" not in _tokens(headers, "upgrade") or "upgrade" not in _tokens(
        headers, "connection"
    ):
        return NOT_AN_UPGRADE
    if headers.get("sec-websocket-version") != ["13"]:
        version = {"Sec-WebSocket-Version": "13"}
        return Refused(HTTPStatus.UPGRADE_REQUIRED, "only WebSocket version 13", version)
    key = headers.get("sec-websocket-key", [])
    if len(key) != 1 or not _is_key(key[0]):
        return Refused(HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Key is not 16 bytes in base64")
    if not is_allowed(headers.get("origin", []), allowed_origins):
        return FOREIGN
    path, _, query = target.partition("?")
    found = parameters(query)
    offered = [
        name for name in _tokens(headers, "sec-websocket-protocol") if name in SUBPROTOCOLS
    ]
    subprotocol = offered[0] if offered else ""
    wished = found.get("format") == "protobuf" or found.get("cf_protocol") == "protobuf"
    is_protobuf = SUBPROTOCOLS.get(subprotocol, wished)
    return Accepted(_switch(key[0], subprotocol), path, found, is_protobuf)


def parameters(query: str) -> dict[str, str]:
    """The parameters of an address; of a repeated one the last."""
    try:
        return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS))
    except ValueError:
        return {}


def is_allowed(origins: list[str], patterns: Sequence[str]) -> bool:
    """Whether a request with these Origin headers may come in."""
    if not origins:
        return True
    origin = origins[0].lower()
    return len(origins) == 1 and any(fnmatchcase(origin, each.lower()) for each in patterns)


def _headers(lines: Iterable[str]) -> dict[str, list[str]] | None:
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name):
            return None
        headers.setdefault(name.lower(), []).append(value.strip(" \t"))
    return headers


def _tokens(headers: dict[str, list[str]], name: str) -> list[str]:
    listed = ",".join(headers.get(name, ())).lower()
    return [token.strip() for token in listed.split(",")]


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _switch(key: str, subprotocol: str) -> bytes:
    accept = hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(accept) + b"\r\n"
        + (f"Sec-WebSocket-Protocol: {subprotocol}\r\n".encode() if subprotocol else b"")
        + b"\r\n"
    )  # fmt: skip
