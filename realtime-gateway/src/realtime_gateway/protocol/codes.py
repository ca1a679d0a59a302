"""The catalogue of refusals: error replies, unsubscribe pushes and close codes of the protocol.

Numbers tell clients what to do. Errors: `temporary` ones are tried again. Close codes:
3500-3999 and 4500-4999 stop a client, every other one lets it reconnect. Unsubscribe codes
from 2500 on let it subscribe again.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Error:
    """A command was refused; the connection goes on."""

    code: int
    message: str
    temporary: bool = False


INTERNAL: Final = Error(100, "internal server error", temporary=True)
UNKNOWN_CHANNEL: Final = Error(102, "unknown channel")
PERMISSION_DENIED: Final = Error(103, "permission denied")
METHOD_NOT_FOUND: Final = Error(104, "method not found")
ALREADY_SUBSCRIBED: Final = Error(105, "already subscribed")
LIMIT_EXCEEDED: Final = Error(106, "limit exceeded")
BAD_REQUEST: Final = Error(107, "bad request")
NOT_AVAILABLE: Final = Error(108, "not available")
TOKEN_EXPIRED: Final = Error(109, "token expired")
UNRECOVERABLE_POSITION: Final = Error(112, "unrecoverable position")


@dataclass(frozen=True, slots=True)
class Close:
    """The connection ends, for this reason; a reason is never valid JSON."""

    code: int
    reason: str


SHUTDOWN: Final = Close(3001, "shutdown")
SERVER_ERROR: Final = Close(3004, "internal server error")
CONNECTION_EXPIRED: Final = Close(3005, "connection expired")
SUBSCRIPTION_OVER: Final = Close(3006, "subscription expired")
SLOW: Final = Close(3008, "slow")
INSUFFICIENT_STATE: Final = Close(3010, "insufficient state")
NO_PONG: Final = Close(3012, "no pong")
TOO_FAST: Final = Close(4429, "too many commands")
"""This gateway's own: a client may come back, and had better ask for less."""
INVALID_TOKEN: Final = Close(3500, "invalid token")
INVALID_REQUEST: Final = Close(3501, "bad request")
STALE: Final = Close(3502, "stale")
FORCED: Final = Close(3503, "force disconnect")
CONNECTION_LIMIT: Final = Close(3504, "connection limit")
CHANNEL_LIMIT: Final = Close(3505, "channel limit")
NOT_PERMITTED: Final = Close(3507, "permission denied")


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """A subscription ends at the server's wish."""

    code: int
    reason: str


UNSUBSCRIBED: Final = Unsubscribe(2000, "server unsubscribe")
INSUFFICIENT: Final = Unsubscribe(2500, "insufficient state")
SUBSCRIPTION_EXPIRED: Final = Unsubscribe(2501, "subscription expired")
