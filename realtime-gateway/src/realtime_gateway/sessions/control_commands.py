"""What the server wants done with a user's connections, on whichever nodes they are.

A command travels between nodes as a JSON object: its kind, and the fields below. Standard
library only.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from realtime_gateway.protocol import codes
from realtime_gateway.protocol.position import StreamPosition
from realtime_gateway.sessions.claims import Overrides


class Unreadable(ValueError):
    """Not a control command: another version's, or nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ControlCommand:
    user: str
    client: str = ""
    """Only this connection."""
    session: str = ""
    """Only connections whose token was made for this sign-in (its `sid`)."""

    def concerns(self, client: str, session: str) -> bool:
        """Whether a connection of the user is meant."""
        return self.client in ("", client) and self.session in ("", session)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnect(_ControlCommand):
    """Close the connections."""

    code: int = codes.FORCED.code
    reason: str = codes.FORCED.reason
    whitelist: tuple[str, ...] = ()
    """Connections that stay."""

    def concerns(self, client: str, session: str) -> bool:
        """Whether a connection of the user is meant, and is not one that stays."""
        # Not super(): a class with slots is made twice, and the first one is not this one.
        return client not in self.whitelist and _ControlCommand.concerns(self, client, session)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe(_ControlCommand):
    """Put the connections into a channel."""

    channel: str
    info: Any = None
    data: Any = None
    since: StreamPosition | None = None
    lifetime: float | None = None
    overrides: Overrides = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe(_ControlCommand):
    """Take the connections out of a channel."""

    channel: str
    code: int = codes.UNSUBSCRIBED.code
    reason: str = codes.UNSUBSCRIBED.reason

    @property
    def why(self) -> codes.Unsubscribe:
        """The code and reason that the client is told."""
        return codes.Unsubscribe(self.code, self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh(_ControlCommand):
    """Give the connections another lifetime, or end them as expired."""

    is_expired: bool = False
    """The connection's token is no longer good: it has to come back with another."""
    lifetime: float | None = None


ControlCommand = Disconnect | Subscribe | Unsubscribe | Refresh

_KINDS: Final[dict[str, type[ControlCommand]]] = {
    "disconnect": Disconnect,
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "refresh": Refresh,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


def as_json(command: ControlCommand) -> dict[str, Any]:
    """Return what travels; `order` is the key by which nodes of earlier versions know it."""
    return {"order": _NAMES[type(command)], **asdict(command)}


def from_json(message: Mapping[str, Any]) -> ControlCommand:
    """What `as_json` made."""
    fields = dict(message)
    try:
        kind = _KINDS[fields.pop("order")]
        if "whitelist" in fields:
            fields["whitelist"] = tuple(fields["whitelist"])
        if "overrides" in fields:
            fields["overrides"] = tuple((name, value) for name, value in fields["overrides"])
        if fields.get("since") is not None:
            fields["since"] = StreamPosition(*fields["since"])
        return kind(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(str(error)) from error
