"""Replies and pushes of the Centrifuge client protocol v2, as JSON bytes.

Nothing made here contains a raw newline, so the messages of one frame may be joined with it.
What is pushed to a channel is the same for all its subscribers. Standard library only.
"""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from realtime_gateway.protocol.codes import Close, Error, Unsubscribe

Entry = tuple[int, bytes]
"""A publication with its offset: the fragment lacks it (contracts/channel-log.md)."""


class Verbatim(NamedTuple):
    """JSON in one line that is passed on as it was written."""

    text: bytes


def reply(
    command_id: int, method: str, result: dict[str, Any], entries: Sequence[Entry] | None = None
) -> bytes:
    """The answer to a command; `entries` become the result's publications."""
    body = dumps(result)
    if entries is not None:
        listed = b",".join([publication(offset, fragment) for offset, fragment in entries])
        comma = b"," if result else b""
        body = b'%s%s"publications":[%s]}' % (body[:-1], comma, listed)
    return b'{"id":%d,"%s":%s}' % (command_id, method.encode(), body)


def failure(command_id: int, error: Error) -> bytes:
    """The reply that a command is answered with when it fails."""
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.temporary:
        body["temporary"] = True
    return b'{"id":%d,"error":%s}' % (command_id, dumps(body))


def push_head(channel: str) -> bytes:
    """What all pushed publications of a channel begin with."""
    return b'{"push":{"channel":%s,"pub":' % dumps(channel)


def push(head: bytes, offset: int, epoch: str, fragment: bytes) -> bytes:
    """A publication for subscribers: the same bytes for every one of them."""
    if not offset:
        return head + fragment + b"}}"
    if offset == 1:
        # Who subscribed to an empty stream learns the epoch with its first publication.
        return b'%s%s,"offset":1,"epoch":"%s"}}}' % (head, fragment[:-1], epoch.encode())
    return b'%s%s,"offset":%d}}}' % (head, fragment[:-1], offset)


def publication(offset: int, fragment: bytes) -> bytes:
    """A publication as it stands in replies; without `offset` where there is no history."""
    return b'%s,"offset":%d}' % (fragment[:-1], offset) if offset else fragment


def unsubscribe_push(channel: str, why: Unsubscribe) -> bytes:
    """The push that ends a subscription."""
    body = {"channel": channel, "unsubscribe": {"code": why.code, "reason": why.reason}}
    return dumps({"push": body})


def subscribe_push(channel: str, result: dict[str, Any]) -> bytes:
    """The server has put the client into a channel."""
    return dumps({"push": {"channel": channel, "subscribe": result}})


def refresh_push(result: dict[str, Any]) -> bytes:
    """The push that tells of a connection's new lifetime."""
    return dumps({"push": {"refresh": result}})


def message_push(data: Any) -> bytes:
    """What the server says to a client, of no channel."""
    return dumps({"push": {"message": {"data": data}}})


def presence_push(channel: str, change: str, info: bytes) -> bytes:
    """Somebody's `join` or `leave`."""
    return b'{"push":{"channel":%s,"%s":{"info":%s}}}' % (
        dumps(channel), change.encode(), info
    )  # fmt: skip


def opened(entries: Sequence[Entry]) -> list[Any]:
    """Publications as values, for a result that they stand deep inside of."""
    return [json.loads(publication(offset, fragment)) for offset, fragment in entries]


def disconnect_push(why: Close) -> bytes:
    """For transports that cannot say it otherwise."""
    return dumps({"push": {"disconnect": {"code": why.code, "reason": why.reason}}})


def bare(push: bytes) -> bytes:
    """A push without its envelope, as unidirectional transports have it."""
    return push[len(_ENVELOPE) : -1]


def fragment(
    data: Any, *, info: dict[str, Any] | None = None, tags: dict[str, str] | None = None
) -> bytes:
    """A publication without its offset, as the channel log keeps it."""
    said = data.text if isinstance(data, Verbatim) else dumps(data)
    body: dict[str, Any] = {}
    if info:
        body["info"] = info
    if tags:
        body["tags"] = tags
    return b'{"data":%s%s' % (said, b"," + dumps(body)[1:] if body else b"}")


def dumps(value: Any) -> bytes:
    """Compact JSON; ValueError for what JSON cannot say (infinite numbers)."""
    try:
        return _encode(value).encode()
    except (
        UnicodeEncodeError
    ):  # half of a surrogate pair, which JSON may escape but not contain
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


_ENVELOPE: Final = b'{"push":'

_encode: Final = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode
