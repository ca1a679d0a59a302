"""Limits on the bodies of requests: on their size, and on the time they take to arrive."""

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

# A little less than the edge allows, so that it is a service that says what was wrong.
BODY_SECONDS: Final = 28.0


def bounded(scope: Scope, receive: Receive, limit: int) -> Receive:
    """Return `receive` with limits on size and time of the body.

    It refuses with 413 once the body passes `limit` bytes, announced or not, and with 408 when
    it has not arrived within `BODY_SECONDS`.
    """
    said = dict(scope["headers"]).get(b"content-length", b"0")
    is_said_too_large = said.isdigit() and int(said) > limit
    deadline: float | None = asyncio.get_running_loop().time() + BODY_SECONDS
    received = 0

    async def receive_bounded() -> Message:
        nonlocal received, deadline
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise _too_slow(received) from None
        received += len(message.get("body", b""))
        if is_said_too_large or received > limit:
            raise HTTPException(413, f"a request body has at most {limit} bytes")
        if not message.get("more_body"):
            deadline = None  # what comes now is the client's going, whenever that is
        return message

    return receive_bounded


def _too_slow(received: int) -> HTTPException:
    # The edge has to close its client's connection where it has begun to read the body.
    begun = {"X-Body-Received": str(received)} if received else {}
    return HTTPException(
        408,
        f"a request body arrives within {BODY_SECONDS:.0f} seconds",
        headers={"Connection": "close", **begun},
    )
