"""Secrets that mean nothing by themselves: session tokens and invitation codes.

256 bits from the system's generator. Only their SHA-256 is stored: there is nothing to guess in
them, so a slow hash would only slow us.
"""

import hashlib
import secrets


def new_secret() -> str:
    """Return 256 random bits in URL-safe base64: 43 characters."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return the SHA-256, which is what tables store of a secret."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()
