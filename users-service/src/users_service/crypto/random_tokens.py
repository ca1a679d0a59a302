"""Random secrets: session tokens, API tokens, and codes of links and invitations.

256 bits from the system's generator, of which only the SHA-256 is stored: they cannot be
guessed, so a slow hash would add nothing.
"""

import hashlib
import secrets


def new_secret() -> str:
    """Return 256 random bits in URL-safe base64: 43 characters."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return the SHA-256, which is what tables store of a secret."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()
