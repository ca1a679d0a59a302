"""WebSocket frames as a server sends them: unmasked, one per message, built once for everybody.

And server-sent events, each a chunk of an HTTP/1.1 response.
"""

from typing import Final

_TEXT: Final = 0x81
_BINARY: Final = 0x82
_CLOSE: Final = 0x88


def text(payload: bytes) -> bytes:
    """One whole text message (RFC 6455 section 5.2)."""
    size = len(payload)
    if 126 <= size < 65_536:  # most publications, without another call
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return _frame(_TEXT, payload)


def binary(payload: bytes) -> bytes:
    """One whole binary message."""
    return _frame(_BINARY, payload)


def close(code: int, reason: str) -> bytes:
    """A close frame; its reason is cut to what a control frame holds."""
    payload = code.to_bytes(2, "big") + reason.encode()[:123]
    return bytes((_CLOSE, len(payload))) + payload


def event(payload: bytes) -> bytes:
    """One server-sent event of one line, as a whole chunk."""
    return b"%x\r\ndata: %s\n\n\r\n" % (len(payload) + 8, payload)


LAST_CHUNK: Final = b"0\r\n\r\n"


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((opcode, size)) + payload
    if size < 65_536:
        return bytes((opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((opcode, 127)) + size.to_bytes(8, "big") + payload


PING: Final = text(b"{}")
"""The protocol's own ping is an empty message, not a WebSocket control frame."""
