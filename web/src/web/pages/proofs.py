"""What a passkey said, out of a form: the island of the page put it there as JSON."""

import json
from typing import Any

from web.visit import Visit


def passkey_proof(visit: Visit, *, prefix: str = "") -> dict[str, Any] | None:
    """None when the form was sent without one."""
    flow, said = visit.secret(prefix + "flow"), visit.secret(prefix + "credential")
    try:
        credential = json.loads(said) if flow else None
    except ValueError:
        return None
    return {"flow": flow, "credential": credential} if isinstance(credential, dict) else None
