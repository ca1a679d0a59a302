"""What an authenticator app shows (RFC 6238), for the second step of a sign-in."""

import hashlib
import hmac
import struct
import time
from base64 import b32decode


def code(key: str, at: float | None = None) -> str:
    """The six digits of `key`, now or at another time."""
    counter = struct.pack(">Q", int(time.time() if at is None else at) // 30)
    digest = hmac.digest(b32decode(key.replace(" ", "")), counter, hashlib.sha1)
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
