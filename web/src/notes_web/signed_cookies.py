"""Signatures of what a browser keeps for us: signed cookies and form tokens, by itsdangerous.

HMAC-SHA256 with one key per purpose, so what was signed for one purpose never passes for
another. Comparing takes the same time whether it fits or not.
"""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import itsdangerous

_HMAC_SHA256 = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


class Signer:
    """Signs with WEB_SECRET; what another secret signed is not read."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def mac(self, purpose: str, value: str) -> str:
        """Returns the signature of `value`, 43 characters of base64url."""
        signer = itsdangerous.Signer(self._secret, salt=purpose, **_HMAC_SHA256)  # type: ignore[arg-type]
        return signer.get_signature(value).decode()

    def fits(self, purpose: str, value: str, mac: str) -> bool:
        """Tells whether `mac` is the signature of `value`, in constant time."""
        return hmac.compare_digest(self.mac(purpose, value).encode(), mac.encode())

    def dumps(self, purpose: str, value: object) -> str:
        """Signs `value` as JSON with the present time; anyone can read it, nobody change it."""
        return str(self._serializer(purpose).dumps(value))

    def loads(self, purpose: str, signed: str, *, seconds: int | None = None) -> Any:
        """Returns what was signed, or None if it was not us, or `seconds` ago and more.

        A value from the future is ours, too: the clocks of two replicas need not agree.
        """
        try:
            value, at = self._serializer(purpose).loads(signed, return_timestamp=True)
        except (itsdangerous.BadData, ValueError):
            return self._loads_old(purpose, signed)
        return value if seconds is None or time.time() - at.timestamp() < seconds else None

    def _serializer(self, purpose: str) -> itsdangerous.URLSafeTimedSerializer:
        return itsdangerous.URLSafeTimedSerializer(
            self._secret, salt=f"signed-cookie:{purpose}", signer_kwargs=_HMAC_SHA256
        )

    def _loads_old(self, purpose: str, signed: str) -> Any:
        """Reads what the build before this one signed; goes after one release."""
        encoded, _, mac = signed.partition(".")
        try:
            text = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        except ValueError:  # neither base64 nor UTF-8, nor ASCII at all
            return None
        return json.loads(text) if self.fits(purpose, text, mac) else None
