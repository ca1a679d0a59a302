"""Encryption of secrets in the database, with keys that are not in the database.

AES-256-GCM with a random nonce (NIST SP 800-38D). The context of a secret is authenticated with
it, so that it cannot be decrypted in another row. The first key encrypts and every key
decrypts; a value names its key by the first bytes of the key's hash, so that a key can be
replaced without downtime.
"""

import base64
import binascii
import hashlib
import secrets
from typing import Final, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION: Final = b"\x01"
_KEY_BYTES: Final = 32
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_HEADER: Final = len(_VERSION) + _ID_BYTES


class DecryptionError(Exception):
    """No key of ours decrypts this: it was encrypted with another, or changed since."""


class Encryptor:
    """Encrypts with the first key and decrypts with any.

    `context` says whose the text is: decryption needs the same.
    """

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = {_id(key): AESGCM(key) for key in keys}
        self._first = _id(keys[0])

    @classmethod
    def parse(cls, keys: str) -> Self:
        """Read keys of 32 bytes in URL-safe base64, separated by commas or spaces.

        Raises ValueError, which quotes no key.
        """
        found = [_key(each) for each in keys.replace(",", " ").split()]
        if not found:
            raise ValueError("it has no key in it")
        return cls(found)

    def encrypt(self, plaintext: bytes, context: str) -> bytes:
        """Return version, key id, nonce, ciphertext and tag; no two results are the same."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        ciphertext = self._keys[self._first].encrypt(nonce, plaintext, context.encode())
        return _VERSION + self._first + nonce + ciphertext

    def decrypt(self, ciphertext: bytes, context: str) -> bytes:
        """Return the plaintext; raise DecryptionError for another key, context or content."""
        key = self._keys.get(ciphertext[len(_VERSION) : _HEADER])
        nonce = ciphertext[_HEADER : _HEADER + _NONCE_BYTES]
        rest = ciphertext[_HEADER + _NONCE_BYTES :]
        if not _is_encrypted(ciphertext) or key is None or len(nonce) < _NONCE_BYTES:
            raise DecryptionError
        try:
            return key.decrypt(nonce, rest, context.encode())
        except InvalidTag:
            raise DecryptionError from None

    @property
    def header(self) -> bytes:
        """The first bytes of everything that the first key encrypted."""
        return _VERSION + self._first

    def reencrypted(self, stored: bytes, context: str) -> bytes:
        """Return the value encrypted with the first key, also if it is still in clear.

        Raises DecryptionError.
        """
        plaintext = self.decrypt(stored, context) if _is_encrypted(stored) else stored
        return self.encrypt(plaintext, context)


def signing_key_context(kid: str) -> str:
    """Return the context of a private signing key."""
    return f"signing key {kid}"


def totp_context(account_id: UUID) -> str:
    """Return the context of an authenticator app's secret."""
    return f"totp {account_id}"


def email_context(account_id: UUID | None) -> str:
    """Return the context of a queued e-mail's secrets; None if it is about no account."""
    return f"letter {account_id}"


def _is_encrypted(stored: bytes) -> bool:
    # Neither a key in DER nor a secret in base32 begins with this byte.
    return stored.startswith(_VERSION)


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError("a key is 32 random bytes in URL-safe base64")
    return key


def _id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id " + key).digest()[:_ID_BYTES]
