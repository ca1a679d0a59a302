"""The status page's password: compared, or kept as a hash (scrypt) so that no file has it.

`python -m realtime_gateway.config.passwords` reads one from standard input and prints its hash.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import sys
from typing import Final

_FORM: Final = re.compile(r"\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)")
_LN, _R, _P = 15, 8, 1
_MEMORY: Final = 128 * 1024 * 1024
"""More than what a hash of this module's own making takes; a larger one is refused."""


def hashed(password: str) -> str:
    """The password's scrypt hash, with its parameters and salt, as `matches` reads it."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, _LN, _R, _P)
    return f"$scrypt$ln={_LN},r={_R},p={_P}${_text(salt)}${_text(digest)}"


def is_hash(text: str) -> bool:
    """Whether this can be compared with. Takes the time of one comparison."""
    try:
        matches("", text)
    except ValueError:
        return False
    return True


def matches(password: str, hashed: str) -> bool:
    """Takes a tenth of a second on purpose; ValueError if `hashed` is no hash."""
    found = _FORM.fullmatch(hashed)
    if found is None:
        raise ValueError("not a hash")
    ln, r, p = (int(number) for number in found.groups()[:3])
    salt, digest = (_bytes(text) for text in found.groups()[3:])
    return hmac.compare_digest(_scrypt(password, salt, ln, r, p, len(digest)), digest)


def _scrypt(password: str, salt: bytes, ln: int, r: int, p: int, size: int = 32) -> bytes:
    if not (1 <= ln <= 20 and 1 <= r <= 32 and 1 <= p <= 16):
        raise ValueError("unreasonable cost")
    return hashlib.scrypt(
        password.encode(), salt=salt, n=1 << ln, r=r, p=p, maxmem=_MEMORY, dklen=size
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


if __name__ == "__main__":
    sys.stdout.write(hashed(sys.stdin.readline().rstrip("\r\n")) + "\n")
