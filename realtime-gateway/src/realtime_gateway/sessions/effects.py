"""What a session needs to know or to have done, and what it is answered: its whole outside.

A session yields an `Effect` and is sent the answer that the effect's docstring names.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from realtime_gateway.config.options import ChannelOptions
from realtime_gateway.protocol import wire
from realtime_gateway.protocol.codes import Close, Error, Unsubscribe
from realtime_gateway.protocol.position import StreamPosition
from realtime_gateway.protocol.wire import Entry


@dataclass(frozen=True, slots=True)
class VerifyConnection:
    """Answered by ConnectionClaims or a TokenError."""

    token: str


@dataclass(frozen=True, slots=True)
class VerifySubscription:
    """Answered by SubscriptionClaims or a TokenError."""

    token: str


@dataclass(frozen=True, slots=True)
class Admit:
    """Count as one of the user's connections. Answered by None, or by the Close it means."""

    user: str


@dataclass(frozen=True, slots=True)
class Dismiss:
    """Send the user's other connections away, from all nodes. Answered by nothing."""

    user: str
    client: str


@dataclass(frozen=True, slots=True)
class Join:
    """Become a member of the channel.

    Answered by Joined, or by an Error with nothing left behind.
    """

    channel: str
    options: ChannelOptions
    since: StreamPosition | None
    rejects_unrecovered: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """From here on every publication after `offset` is delivered.

    `missed` is None if unrecovered.
    """

    offset: int
    epoch: str
    missed: list[Entry] | None = None


@dataclass(frozen=True, slots=True)
class JoinAll:
    """Become a member of all of them at one moment.

    Answered by a list of Joined, or by an Error with nothing left behind.
    """

    joins: tuple[Join, ...]


@dataclass(frozen=True, slots=True)
class Appearance:
    """How others see that the client is in a channel."""

    client: str
    info: bytes
    is_present: bool
    """Whether it stands in the channel's presence."""
    is_announced: bool
    """Whether its coming and going is told."""


@dataclass(frozen=True, slots=True)
class Appear:
    """Answered by nothing."""

    channel: str
    appearance: Appearance


@dataclass(frozen=True, slots=True)
class Leave:
    """Answered by nothing: the client is no member any more."""

    channel: str
    appearance: Appearance | None = None


@dataclass(frozen=True, slots=True)
class ReadPresence:
    """Answered by what is known of each client by its id, or an Error."""

    channel: str


@dataclass(frozen=True, slots=True)
class Append:
    """Answered by None or an Error."""

    channel: str
    options: ChannelOptions
    fragment: bytes


@dataclass(frozen=True, slots=True)
class Read:
    """Answered by HistoryPage or an Error."""

    channel: str
    limit: int
    since: StreamPosition | None
    reverse: bool


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Entries of a history, and the position of its end."""

    offset: int
    epoch: str
    entries: list[Entry]


Effect = (
    VerifyConnection | VerifySubscription | Admit | Dismiss | Join | JoinAll | Appear | Leave
    | Append | Read | ReadPresence
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """Bytes for the client, and perhaps the end of the connection after them."""

    message: bytes
    then: Close | None = None
    error: int = 0
    """The code, if a command was refused."""


Outcome = Answer | Close | None
Handling = Generator[Effect, Any, Outcome]


@dataclass(frozen=True, slots=True)
class Ping:
    """The client has to be pinged."""


@dataclass(frozen=True, slots=True)
class EndSubscription:
    """A subscription ends at the server's wish."""

    channel: str
    why: Unsubscribe


Due = Ping | EndSubscription | Close


def succeed(
    command_id: int, method: str, result: dict[str, Any], entries: list[Entry] | None = None
) -> Answer:
    """The answer to a command that has succeeded."""
    return Answer(wire.reply(command_id, method, result, entries))


def fail(command_id: int, error: Error, then: Close | None = None) -> Answer:
    """The answer to a command that has failed; `then` ends the connection after it."""
    return Answer(wire.failure(command_id, error), then, error.code)
