"""What a valid token says, and why a token is not valid.

Lifetimes are seconds from now, None for ever: whoever verifies has looked at the clock.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class Refusal(Enum):
    INVALID = auto()
    EXPIRED = auto()
    UNAVAILABLE = auto()
    """The issuer's keys could not be fetched: not the client's fault, so it may try again."""


Overrides = tuple[tuple[str, bool], ...]
"""Options of a channel that a token sets for its bearer, by name."""


@dataclass(frozen=True, slots=True)
class ServerSubscription:
    """A channel that the client is put into without asking for it."""

    channel: str
    info: Any = None
    data: Any = None
    overrides: Overrides = ()


@dataclass(frozen=True, slots=True)
class ConnectionClaims:
    user: str
    lifetime: float | None = None
    info: Any = None
    session: str = ""
    """The sign-in that the token was made for (`sid`)."""
    subscriptions: tuple[ServerSubscription, ...] = ()


@dataclass(frozen=True, slots=True)
class SubscriptionClaims:
    user: str
    channel: str
    client: str | None = None
    lifetime: float | None = None
    info: Any = None
    data: Any = None
    overrides: Overrides = ()
