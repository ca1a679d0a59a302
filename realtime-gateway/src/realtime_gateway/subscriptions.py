"""What a client holds of a channel, and how a subscription is told to it."""

import math
from dataclasses import dataclass
from typing import Any, Final

from realtime_gateway import commands
from realtime_gateway.asks import Joined
from realtime_gateway.commands import Since
from realtime_gateway.options import ChannelOptions

NEVER: Final = math.inf


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a client holds of a channel. Equal ones may be one object."""

    is_positioned: bool
    expires_at: float = NEVER
    info: Any = None


_POSITIONED: Final = Subscription(is_positioned=True)
_PLAIN: Final = Subscription(is_positioned=False)


def is_recoverable(command: commands.Subscribe, options: ChannelOptions) -> bool:
    return options.has_history and (
        options.force_recovery or (options.allow_recovery and command.wants_recovery)
    )


def is_positioned(command: commands.Subscribe, options: ChannelOptions) -> bool:
    return options.has_history and (
        options.force_positioning or (options.allow_positioning and command.wants_positioning)
    )


def subscription(
    is_positioned: bool, lifetime: float | None, info: Any, now: float
) -> Subscription:
    if lifetime is None and info is None:
        return _POSITIONED if is_positioned else _PLAIN
    return Subscription(is_positioned, NEVER if lifetime is None else now + lifetime, info)


def place(joined: Joined, since: Since | None, recovers: bool) -> dict[str, Any]:
    place: dict[str, Any] = {"recoverable": True} if recovers else {}
    place |= {"positioned": True, "epoch": joined.epoch, "offset": joined.offset}
    if since is None:
        return place
    place["was_recovering"] = True
    if joined.missed is not None:
        # The client advances by itself, publication by publication.
        place |= {"recovered": True, "offset": since.offset}
    return place


def ttl(lifetime: float | None) -> dict[str, Any]:
    return {} if lifetime is None else {"expires": True, "ttl": max(1, math.floor(lifetime))}
