"""WebSocket frames as a server sends them: unmasked, one per message, built once for
everybody.
"""

from typing import Final

_TEXT: Final = 0x81
_CLOSE: Final = 0x88


def text(payload: bytes) -> bytes:
    """One whole text message (RFC 6455 section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((_TEXT, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def close(code: int, reason: str) -> bytes:
    """A close frame; its reason is cut to what a control frame holds."""
    payload = code.to_bytes(2, "big") + reason.encode()[:123]
    return bytes((_CLOSE, len(payload))) + payload


PING: Final = text(b"{}")
"""The protocol's own ping is an empty message, not a WebSocket control frame."""
