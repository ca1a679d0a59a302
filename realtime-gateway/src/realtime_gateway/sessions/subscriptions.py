"""What a client holds of a channel, on which terms, and how a subscription is told to it."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Protocol, cast

from realtime_gateway.config.options import ChannelOptions
from realtime_gateway.protocol import commands, wire
from realtime_gateway.protocol.position import StreamPosition
from realtime_gateway.sessions.claims import Overrides
from realtime_gateway.sessions.effects import Appearance, Joined

NEVER: Final = math.inf
LONGEST_TTL: Final = (1 << 31) - 1
"""Seconds that every client can count; who is told less asks again in time."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a subscription comes with."""

    recovers: bool = False
    is_positioned: bool = False
    is_present: bool = False
    is_announced: bool = False
    hears_joins: bool = False
    is_server_side: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a client holds of a channel. Equal ones may be one object."""

    terms: Terms
    expires_at: float = NEVER
    info: Any = None


class ClientState(Protocol):
    """What the rules see of a session: who its client is, and which channels it holds."""

    @property
    def client(self) -> str:
        """The connection's id."""

    @property
    def user(self) -> str:
        """The user's id; empty for an anonymous client."""

    @property
    def info(self) -> Any:
        """What the connection's token tells others about the client."""

    subscriptions: dict[str, Subscription]


def requested_terms(
    command: commands.Subscribe, options: ChannelOptions, *, sees: bool
) -> Terms:
    """The terms of a client's own subscription; `sees`: it may know who else is there."""
    recovers = options.force_recovery or (options.allow_recovery and command.wants_recovery)
    positions = options.force_positioning or (
        options.allow_positioning and command.wants_positioning
    )
    return _terms(options, recovers, positions, command.wants_joins and sees)


def recovery_position(
    options: ChannelOptions, since: StreamPosition | None, terms: Terms
) -> StreamPosition | None:
    """From where the client recovers, if it does."""
    if not terms.recovers:
        return None
    return since or (StreamPosition(0, "") if options.auto_cache_recover else None)


def server_terms(options: ChannelOptions) -> Terms:
    """The terms of a subscription that the server decides on."""
    return _terms(
        options, options.force_recovery, options.force_positioning, False, is_server_side=True
    )


def overridden(options: ChannelOptions, overrides: Overrides) -> ChannelOptions:
    """The options of a channel as a token changes them for its bearer."""
    return _replaced(options, overrides) if overrides else options


def subscription(terms: Terms, lifetime: float | None, info: Any, now: float) -> Subscription:
    """What the client holds from now on; `lifetime` in seconds, None for ever."""
    if lifetime is None and info is None:
        return _plain(terms)
    return Subscription(terms, NEVER if lifetime is None else now + lifetime, info)


def position_reply(
    joined: Joined, since: StreamPosition | None, terms: Terms
) -> dict[str, Any]:
    """The part of a subscribe reply that says where the client is and what it got."""
    if not terms.is_positioned:
        return {}
    place: dict[str, Any] = {"recoverable": True} if terms.recovers else {}
    place |= {"positioned": True, "epoch": joined.epoch, "offset": joined.offset}
    if since is None:
        return place
    place["was_recovering"] = True
    if joined.missed is not None:
        # The client advances by itself, publication by publication.
        place |= {"recovered": True, "offset": since.offset}
    return place


def ttl(lifetime: float | None) -> dict[str, Any]:
    """The part of a reply that says how long something is good, in seconds; empty for ever."""
    if lifetime is None:
        return {}
    return {"expires": True, "ttl": min(max(1, math.floor(lifetime)), LONGEST_TTL)}


def client_info(state: ClientState, info: Any) -> dict[str, Any]:
    """What others are told about a client in a channel; `info` is what only this one says."""
    found = {"user": state.user, "client": state.client}
    if state.info is not None:
        found["conn_info"] = state.info
    if info is not None:
        found["chan_info"] = info
    return found


def appearance(state: ClientState, held: Subscription) -> Appearance | None:
    """What others see of it; None if they see nothing."""
    terms = held.terms
    if not (terms.is_present or terms.is_announced):
        return None
    info = wire.dumps(client_info(state, held.info))
    return Appearance(state.client, info, terms.is_present, terms.is_announced)


def _terms(
    options: ChannelOptions,
    recovers: bool,
    positions: bool,
    wants_joins: bool,
    *,
    is_server_side: bool = False,
) -> Terms:
    recovers = recovers and options.has_history
    return Terms(
        recovers=recovers,
        is_positioned=recovers or (positions and options.has_history),
        is_present=options.presence,
        is_announced=options.join_leave,
        hears_joins=options.join_leave and (options.force_push_join_leave or wants_joins),
        is_server_side=is_server_side,
    )


@lru_cache(maxsize=64)
def _plain(terms: Terms) -> Subscription:
    return Subscription(terms)


@lru_cache(maxsize=256)
def _replaced(options: ChannelOptions, overrides: Overrides) -> ChannelOptions:
    return replace(options, **cast(dict[str, Any], dict(overrides)))
