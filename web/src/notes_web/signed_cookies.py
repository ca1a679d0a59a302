"""Signatures of what the browser keeps for us. Pure; one secret, one key per purpose.

What was signed for one purpose never passes for another, and comparing takes the same time
whether it fits or not.
"""

import base64
import hashlib
import hmac


class Signer:
    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def mac(self, purpose: str, value: str) -> str:
        key = hmac.digest(self._secret, purpose.encode(), hashlib.sha256)
        return _encode(hmac.digest(key, value.encode(), hashlib.sha256))

    def fits(self, purpose: str, value: str, mac: str) -> bool:
        return hmac.compare_digest(self.mac(purpose, value).encode(), mac.encode())

    def seal(self, purpose: str, value: str) -> str:
        """`value`, readable by anyone, changeable by nobody."""
        return f"{_encode(value.encode())}.{self.mac(purpose, value)}"

    def open(self, purpose: str, sealed: str) -> str | None:
        """What was sealed, or None if it was not us."""
        encoded, _, mac = sealed.partition(".")
        try:
            value = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        except ValueError:  # neither base64 nor UTF-8, nor ASCII at all
            return None
        return value if self.fits(purpose, value, mac) else None


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
