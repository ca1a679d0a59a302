"""How the same messages look on each kind of connection.

The rest of the gateway makes replies and pushes as JSON (wire.py). An encoding turns them
into what one transport carries, framing included; a publication is turned once for all
subscribers that share an encoding.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from realtime_gateway.protocol import frames, wire
from realtime_gateway.protocol.commands import Command, command_of, decode
from realtime_gateway.protocol.fields import Malformed
from realtime_gateway.protocol.protobuf import EMPTY, Messages, split
from realtime_gateway.protocol.wire import Entry


class Followed(Protocol):
    """A channel, as far as its publications say."""

    @property
    def name(self) -> str:
        """The channel's name."""

    @property
    def head(self) -> bytes:
        """What its pushes begin with in JSON (`wire.push_head`)."""

    @property
    def epoch(self) -> str:
        """Its epoch; empty without a history."""


class Encoding(Protocol):
    """What goes out."""

    @property
    def ping(self) -> bytes:
        """A ping, framed."""

    def messages(self, messages: Sequence[bytes]) -> bytes:
        """Replies and pushes, given as JSON."""

    def publications(self, channel: Followed, entries: Iterable[Entry]) -> bytes:
        """What the members of a channel get."""


class Dialogue(Encoding, Protocol):
    """An encoding that commands can come in, too."""

    def split(self, data: bytes | bytearray, *, is_text: bool, most: int) -> list[Any]:
        """The commands in a message, not yet decoded; Malformed, or UnicodeDecodeError.

        Where there are more than `most`, some more than that.
        """

    def decode(self, part: Any) -> Command:
        """One of them; Malformed."""


class Json:
    """The bidirectional JSON encoding: text frames of messages in lines."""

    ping = frames.PING

    def messages(self, messages: Sequence[bytes]) -> bytes:
        """One text frame, with a message a line."""
        return frames.text(b"\n".join(messages))

    def publications(self, channel: Followed, entries: Iterable[Entry]) -> bytes:
        """One text frame for each publication."""
        head, epoch = channel.head, channel.epoch
        made = [frames.text(wire.push(head, offset, epoch, data)) for offset, data in entries]
        return made[0] if len(made) == 1 else b"".join(made)

    def split(self, data: bytes | bytearray, *, is_text: bool, most: int) -> list[str]:
        """The lines of a text message."""
        text = data.decode().split("\n", most) if is_text else []
        lines = [line for line in text if line]
        if not lines:
            raise Malformed("no command")
        return lines

    def decode(self, part: str) -> Command:
        """The command in a line."""
        return decode(part)


class Protobuf:
    """The bidirectional protobuf encoding: binary frames of messages with their lengths."""

    ping = frames.binary(EMPTY)

    def __init__(self) -> None:
        self._made = Messages()

    def messages(self, messages: Sequence[bytes]) -> bytes:
        """One binary frame; empty if nothing is to be said."""
        made = b"".join([self._made.reply(each) for each in messages])
        return frames.binary(made) if made else b""

    def publications(self, channel: Followed, entries: Iterable[Entry]) -> bytes:
        """One binary frame for all of them."""
        name, epoch = channel.name, channel.epoch
        made = b"".join([self._made.publication(name, epoch, entry) for entry in entries])
        return frames.binary(made) if made else b""

    def split(self, data: bytes | bytearray, *, is_text: bool, most: int) -> list[bytes]:
        """The messages in a binary message, by their lengths."""
        parts = [] if is_text else split(bytes(data), most)
        if not parts:
            raise Malformed("no command")
        return parts

    def decode(self, part: bytes) -> Command:
        """The command in a protobuf message."""
        return command_of(self._made.command(part))


class Pushes:
    """The unidirectional JSON encoding: pushes without their envelope, one a text frame."""

    ping = frames.PING

    def messages(self, messages: Sequence[bytes]) -> bytes:
        """A frame for each push, without the envelope of replies."""
        return b"".join([self._framed(wire.bare(each)) for each in messages])

    def publications(self, channel: Followed, entries: Iterable[Entry]) -> bytes:
        """A frame for each publication."""
        head, epoch = channel.head, channel.epoch
        return self.messages([wire.push(head, offset, epoch, data) for offset, data in entries])

    def _framed(self, push: bytes) -> bytes:
        return frames.text(push)


class Events(Pushes):
    """The same as server-sent events, one a chunk of the HTTP response."""

    ping = frames.event(b"{}")

    def _framed(self, push: bytes) -> bytes:
        return frames.event(push)


JSON: Final = Json()
PUSHES: Final = Pushes()
EVENTS: Final = Events()
