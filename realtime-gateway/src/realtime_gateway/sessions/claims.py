"""What a valid token says, and why a token is not valid.

Lifetimes are seconds from now, None for ever: whoever verifies has looked at the clock.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final


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


Claims = Mapping[str, Any]

OVERRIDES: Final = frozenset({
    "presence", "join_leave", "force_push_join_leave", "force_positioning", "force_recovery",
})  # fmt: skip


def connection(claims: Claims, user_claim: str) -> ConnectionClaims | Refusal:
    """What the claims of a connection token say."""
    user, session = claims.get(user_claim, ""), claims.get("sid", "")
    # A subscription token does not open a connection.
    if not isinstance(user, str) or not isinstance(session, str) or "channel" in claims:
        return Refusal.INVALID
    lifetime = _lifetime(claims)
    if lifetime is not None and lifetime <= 0:
        return Refusal.EXPIRED
    try:
        subscriptions = _subscriptions(claims.get("channels") or [], claims.get("subs") or {})
    except (TypeError, AttributeError, KeyError):
        return Refusal.INVALID
    return ConnectionClaims(user, lifetime, claims.get("info"), session, subscriptions)


def subscription(claims: Claims, user_claim: str) -> SubscriptionClaims | Refusal:
    """What the claims of a subscription token say."""
    user, channel = claims.get(user_claim, ""), claims.get("channel")
    if not isinstance(user, str) or not isinstance(channel, str):
        return Refusal.INVALID
    lifetime = _lifetime(claims)
    if lifetime is not None and lifetime <= 0:
        return Refusal.EXPIRED
    try:
        overrides = _overrides(claims.get("override") or {})
    except (TypeError, AttributeError, KeyError):
        return Refusal.INVALID
    info, data = claims.get("info"), claims.get("data")
    return SubscriptionClaims(
        user, channel, claims.get("client"), lifetime, info, data, overrides
    )


def _subscriptions(channels: Any, subs: Any) -> tuple[ServerSubscription, ...]:
    found = {channel: ServerSubscription(channel) for channel in _texts(channels)}
    for channel, given in subs.items():
        overrides = _overrides(given.get("override") or {})
        found[channel] = ServerSubscription(
            channel, given.get("info"), given.get("data"), overrides
        )
    return tuple(found.values())


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("a list of texts is expected")
    return values


def _overrides(given: Any) -> Overrides:
    found = [(name, option["value"]) for name, option in given.items() if name in OVERRIDES]
    if not all(isinstance(value, bool) for _, value in found):
        raise TypeError("an override is true or false")
    return tuple(found)


def _lifetime(claims: Claims) -> float | None:
    """Seconds from now; `expire_at` overrides `exp`, and 0 there means for ever."""
    end = claims.get("expire_at", claims.get("exp"))
    if not isinstance(end, int | float) or end == 0:
        return None
    return end - time.time()
