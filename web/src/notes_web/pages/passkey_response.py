"""What a passkey said, out of a form: the island of the page put it there as JSON."""

import json
from typing import Any, Final

from notes_web.request_context import RequestContext

# A message of WebAuthn has five or so; what is nested deeper than Python likes is none.
_MOST_BRACKETS: Final = 64


def read_passkey_response(
    context: RequestContext, *, prefix: str = ""
) -> dict[str, Any] | None:
    """None when the form was sent without one."""
    flow, said = context.secret(prefix + "flow"), context.secret(prefix + "credential")
    credential = _message(said) if flow else None
    return {"flow": flow, "credential": credential} if isinstance(credential, dict) else None


def _message(said: str) -> Any:
    """None for what is no JSON, or cannot be sent on as JSON: NaN, halves of characters."""
    if said.count("{") + said.count("[") > _MOST_BRACKETS:
        return None
    try:
        message = json.loads(said)
        json.dumps(message, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return None
    return message
