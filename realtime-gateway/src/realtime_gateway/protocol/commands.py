"""Commands of the Centrifuge client protocol v2, and how they are read.

A command that `decode` returns is well-formed: known method, an id, fields of the right
types. What is not raises `Malformed`. Fields that are not known are ignored. Standard library
only.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from realtime_gateway.protocol.fields import Malformed, flag, integer, loads, text, uint
from realtime_gateway.protocol.position import StreamPosition


class Pong(NamedTuple):
    """The client's answer to a ping: an empty command."""


class Connect(NamedTuple):
    """ConnectRequest: the first command of every client."""

    id: int
    token: str
    subs: Mapping[str, StreamPosition | None]
    """The server-side subscriptions that the client had, and where it was in them."""


class Subscribe(NamedTuple):
    """SubscribeRequest: into a channel, perhaps from a position on."""

    id: int
    channel: str
    token: str
    since: StreamPosition | None  # None: the client does not ask for recovery
    wants_positioning: bool
    wants_recovery: bool
    rejects_unrecovered: bool
    wants_joins: bool
    is_unsupported: bool  # a kind of subscription that this gateway does not have


class Unsubscribed(NamedTuple):
    """UnsubscribeRequest: the client leaves a channel."""

    id: int
    channel: str


class Publish(NamedTuple):
    """PublishRequest: the client publishes into a channel."""

    id: int
    channel: str
    data: Any


class History(NamedTuple):
    """HistoryRequest: a page of what was published."""

    id: int
    channel: str
    limit: int
    since: StreamPosition | None
    reverse: bool


class Presence(NamedTuple):
    """PresenceRequest: who is in a channel."""

    id: int
    channel: str


class PresenceStats(NamedTuple):
    """PresenceStatsRequest: how many are in a channel."""

    id: int
    channel: str


class Refresh(NamedTuple):
    """RefreshRequest: a new token for the connection."""

    id: int
    token: str


class SubRefresh(NamedTuple):
    """SubRefreshRequest: a new token for a subscription."""

    id: int
    channel: str
    token: str


class Unavailable(NamedTuple):
    """A command of the protocol that this gateway refuses."""

    id: int


class Send(NamedTuple):
    """A message without a reply; nobody listens to it here."""


Command = (
    Pong | Connect | Subscribe | Unsubscribed | Publish | History | Presence | PresenceStats
    | Refresh | SubRefresh | Unavailable | Send
)  # fmt: skip


def decode(line: str) -> Command:
    """The command in one line of a frame."""
    return command_of(loads(line))


def command_of(command: dict[str, Any]) -> Command:
    """The command that an object says, whatever encoding it came in."""
    methods = [key for key in command if key in _METHODS and command[key] is not None]
    command_id = uint(command, "id", 1 << 32)
    if not methods and not command_id and len(command) == 0:
        return Pong()
    if len(methods) != 1:
        raise Malformed("not exactly one method")
    request = command[methods[0]]
    if type(request) is not dict:
        raise Malformed("a request is an object")
    if methods[0] == "send":
        return Send()
    if not command_id:
        raise Malformed("a command has an id")
    return _METHODS[methods[0]](command_id, request)


def unidirectional(request: dict[str, Any]) -> list[Command]:
    """What a unidirectional client says once: a connect, and the channels it asks for."""
    subs = request.get("subs") or {}
    if type(subs) is not dict or any(type(each) is not dict for each in subs.values()):
        raise Malformed("subs is an object of objects")
    wanted = [
        _subscribe(number, {**each, "channel": channel})
        for number, (channel, each) in enumerate(subs.items(), 2)
    ]
    return [_connect(1, request), *wanted]


def _connect(command_id: int, request: dict[str, Any]) -> Connect:
    subs = request.get("subs") or {}
    if type(subs) is not dict or not all(type(held) is dict for held in subs.values()):
        raise Malformed("subs is an object of objects")
    places = {
        channel: _position(held) if flag(held, "recover") else None
        for channel, held in subs.items()
    }
    return Connect(command_id, text(request, "token"), places)


def _subscribe(command_id: int, request: dict[str, Any]) -> Subscribe:
    return Subscribe(
        command_id,
        _channel(request),
        text(request, "token"),
        _position(request) if flag(request, "recover") else None,
        flag(request, "positioned"),
        flag(request, "recoverable"),
        rejects_unrecovered=bool(uint(request, "flag") & 2),
        wants_joins=flag(request, "join_leave"),
        is_unsupported=bool(request.get("tf") or request.get("type")),
    )


def _unsubscribe(command_id: int, request: dict[str, Any]) -> Unsubscribed:
    return Unsubscribed(command_id, _channel(request))


def _publish(command_id: int, request: dict[str, Any]) -> Publish:
    if "data" not in request:
        raise Malformed("a publication has data")
    return Publish(command_id, _channel(request), request["data"])


def _history(command_id: int, request: dict[str, Any]) -> History:
    since = request.get("since")
    if since is not None and type(since) is not dict:
        raise Malformed("since is an object")
    return History(
        command_id,
        _channel(request),
        integer(request, "limit"),
        None if since is None else _position(since),
        flag(request, "reverse"),
    )


def _presence(command_id: int, request: dict[str, Any]) -> Presence:
    return Presence(command_id, _channel(request))


def _presence_stats(command_id: int, request: dict[str, Any]) -> PresenceStats:
    return PresenceStats(command_id, _channel(request))


def _refresh(command_id: int, request: dict[str, Any]) -> Refresh:
    return Refresh(command_id, text(request, "token"))


def _sub_refresh(command_id: int, request: dict[str, Any]) -> SubRefresh:
    return SubRefresh(command_id, _channel(request), text(request, "token"))


def _unavailable(command_id: int, _: dict[str, Any]) -> Unavailable:
    return Unavailable(command_id)


def _send(_: int, __: dict[str, Any]) -> Send:
    return Send()


_METHODS: Final[dict[str, Callable[[int, dict[str, Any]], Command]]] = {
    "connect": _connect,
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "publish": _publish,
    "history": _history,
    "refresh": _refresh,
    "sub_refresh": _sub_refresh,
    "presence": _presence,
    "presence_stats": _presence_stats,
    "rpc": _unavailable,
    "ping": _unavailable,
    "send": _send,
}


def _channel(request: dict[str, Any]) -> str:
    if not (channel := text(request, "channel")):
        raise Malformed("no channel")
    return channel


def _position(request: dict[str, Any]) -> StreamPosition:
    return StreamPosition(uint(request, "offset"), text(request, "epoch"))
