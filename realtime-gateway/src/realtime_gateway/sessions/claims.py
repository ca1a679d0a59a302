"""What a valid token says, and why a token is not valid.

Lifetimes are seconds from now, None for ever: whoever verifies has looked at the clock.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from realtime_gateway.protocol.wire import dumps


class TokenError(Enum):
    """Why a token is not accepted."""

    INVALID = auto()
    EXPIRED = auto()
    UNAVAILABLE = auto()
    """The issuer's keys could not be fetched: not the client's fault, so it may try again."""


class InvalidClaims(Exception):
    """These claims do not do: the claim and why, and what follows from it. Never quotes one."""

    def __init__(self, why: str, error: TokenError = TokenError.INVALID) -> None:
        super().__init__(why)
        self.error = error


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
    """What a connection token says."""

    user: str
    lifetime: float | None = None
    info: Any = None
    session: str = ""
    """The sign-in that the token was made for (`sid`)."""
    subscriptions: tuple[ServerSubscription, ...] = ()


@dataclass(frozen=True, slots=True)
class SubscriptionClaims:
    """What a subscription token says."""

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


LAST_TIME: Final = 1 << 53

_UNREADABLE: Final = (TypeError, AttributeError, KeyError)


def connection(claims: Claims, user_claim: str) -> ConnectionClaims:
    """What the claims of a connection token say, or InvalidClaims."""
    user, session = _text(claims, user_claim), _text(claims, "sid")
    if "channel" in claims:
        raise InvalidClaims("channel: a subscription token opens no connection")
    lifetime = _lifetime(claims)
    try:
        subscriptions = _subscriptions(claims.get("channels"), claims.get("subs"))
    except _UNREADABLE as error:
        raise InvalidClaims("channels, subs: they cannot be read") from error
    return ConnectionClaims(user, lifetime, _value(claims, "info"), session, subscriptions)


def subscription(claims: Claims, user_claim: str) -> SubscriptionClaims:
    """What the claims of a subscription token say, or InvalidClaims."""
    user, client = _text(claims, user_claim), None
    if "channel" not in claims:
        raise InvalidClaims("channel: it is missing")
    channel = _text(claims, "channel")
    if claims.get("client") is not None:
        client = _text(claims, "client")
    _text(claims, "sid")
    lifetime = _lifetime(claims)
    try:
        overrides = _overrides(claims.get("override"))
    except _UNREADABLE as error:
        raise InvalidClaims("override: it cannot be read") from error
    info, data = _value(claims, "info"), _value(claims, "data")
    return SubscriptionClaims(user, channel, client, lifetime, info, data, overrides)


def _subscriptions(channels: Any, subs: Any) -> tuple[ServerSubscription, ...]:
    names = [] if channels is None else _texts(channels)
    found = {channel: ServerSubscription(channel) for channel in names}
    for channel, given in ({} if subs is None else subs).items():
        overrides = _overrides(given.get("override"))
        info, data = _value(given, "info"), _value(given, "data")
        found[channel] = ServerSubscription(channel, info, data, overrides)
    return tuple(found.values())


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str) or not _is_unicode(value):
        raise InvalidClaims(f"{name}: not a text")
    return value


def _value(claims: Claims, name: str) -> Any:
    """What others are told, or the client: JSON has no infinite numbers, Python's has."""
    if (value := claims.get(name)) is not None:
        try:
            dumps(value)
        except (ValueError, RecursionError) as error:
            raise InvalidClaims(f"{name}: not JSON") from error
    return value


def _is_unicode(value: str) -> bool:
    """Half of a surrogate pair is none: what holds it cannot be told in protobuf."""
    return value.isascii() or not any("\ud800" <= each <= "\udfff" for each in value)


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("a list of texts is expected")
    return values


def _overrides(given: Any) -> Overrides:
    options = {} if given is None else given
    found = [(name, option["value"]) for name, option in options.items() if name in OVERRIDES]
    if not all(isinstance(value, bool) for _, value in found):
        raise TypeError("an override is true or false")
    return tuple(found)


def _lifetime(claims: Claims) -> float | None:
    """Seconds from now; `expire_at` overrides `exp`, and 0 there means for ever."""
    for name in ("expire_at", "exp"):
        # Also the one that does not count: whoever verifies may read it another way.
        if claims.get(name) is not None and not _is_time(claims[name]):
            raise InvalidClaims(f"{name}: not a time")
    name = "exp" if claims.get("expire_at") is None else "expire_at"
    end = claims.get(name)
    if end is None or end == 0:
        return None
    if (left := end - time.time()) <= 0:
        raise InvalidClaims(f"{name}: it has expired", TokenError.EXPIRED)
    return float(left)


def _is_time(value: Any) -> bool:
    """Unix seconds; a text that looks like it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -LAST_TIME < value < LAST_TIME  # neither infinite nor no number
