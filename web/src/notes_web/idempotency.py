"""The Idempotency-Key of what a form does.

The same form with the same words is one change, however often it is sent; other words after a
try that nobody answered are another one. Pure where the form has a key of its own.
"""

import hashlib
import json
import secrets


def key(once: str, *said: object) -> str:
    """`once` is the form's own key; what comes without one is done as often as it comes."""
    if not once:
        return secrets.token_urlsafe(32)
    return hashlib.sha256(json.dumps([once, *said]).encode()).hexdigest()
