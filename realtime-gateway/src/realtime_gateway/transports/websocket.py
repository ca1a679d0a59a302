"""One WebSocket connection on an asyncio transport, without task, queue or per-message object.

Frames are parsed by `websockets`' sans-I/O protocol; what is sent is bytes built elsewhere.
The transport's own write buffer is the queue: when it passes its limit the connection is cut,
so a reader that is too slow costs bounded memory and nobody else's time. Nor does a writer that
is too fast: of what came in one turn only so much is looked at, the rest in the next, and who
asks for more than the allowance is sent away. After `close`
nothing more is given to `received`, and the connection is gone within `CLOSE_TIMEOUT`.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, SEND_EOF, SERVER, Protocol

from realtime_gateway.node.allowance import UNLIMITED, Allowance
from realtime_gateway.protocol import codes

CLOSE_TIMEOUT: Final = 5.0
CONTROL_FRAMES_PER_SECOND: Final = 64
BYTES_A_UNIT: Final = 4096
"""A frame costs one unit of the allowance, and one more for each so many bytes."""
DEAF_BYTES: Final = 1_048_576
"""So much is dropped after hanging up; then the line is cut."""

_quiet = logging.getLogger("gateway.frames")
_quiet.setLevel(logging.WARNING)  # the library has a line for every connection


class _Parser(Protocol):
    def recv_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            # A goodbye in the middle of a message is a goodbye, not a breach of the protocol.
            self.current_size = None
        super().recv_frame(frame)


class WebSocket(asyncio.Protocol):
    """The server's side after the handshake. A subclass says what messages mean."""

    __slots__ = (
        "_control_frames", "_control_second", "_dropped", "_is_text", "_loop", "_paid_until",
        "_parts", "_unread", "allowance", "send", "sent_close", "transport", "ws",
    )  # fmt: skip

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        max_message_size: int,
        allowance: Allowance = UNLIMITED,
    ) -> None:
        self._loop = loop
        self.ws = _Parser(SERVER, max_size=max_message_size, logger=_quiet)
        self._parts: bytearray | None = None
        self._is_text = False
        self._control_frames = 0
        self._control_second = 0
        self.allowance = allowance
        self._paid_until = 0.0
        self._unread = b""
        self._dropped = -1
        """Bytes that came after it was hung up on; -1 while it was not."""
        self.sent_close = 0
        """The code this side ended the connection with; 0 while it has not."""

    def received(self, data: bytes | bytearray, *, is_text: bool) -> None:
        """A whole message; text is not yet checked to be UTF-8."""
        raise NotImplementedError

    def lost(self, code: int) -> None:
        """The connection is gone, for the reason `code`. Called once."""

    def attach(self, transport: asyncio.Transport, *, buffer_limit: int) -> None:
        """Take over a transport whose handshake is done."""
        self.transport = transport
        # Bound once: the fan-out calls it some hundred thousand times a second.
        self.send: Callable[[bytes], None] = transport.write
        transport.set_write_buffer_limits(high=buffer_limit)
        transport.set_protocol(self)

    def close(self, code: int, reason: str) -> None:
        """Say why, and wait for the other side's goodbye; not for ever."""
        if self.sent_close or self.ws.state is not OPEN or self.transport.is_closing():
            return
        self.sent_close = code
        self.ws.send_close(code, reason)
        self._flush()
        self._linger()

    def cut(self, code: int) -> None:
        """Drop the connection at once, with all that waits to be sent."""
        self.sent_close = self.sent_close or code
        self.transport.abort()

    @property
    def is_full(self) -> bool:
        """Whether nothing more can be taken now: `read_on` goes on."""
        return False

    def spend(self, units: int) -> bool:
        """Count what was asked for; False, and the end, where it was too much."""
        allowance = self.allowance
        if not allowance.a_second:
            return True
        now = self._loop.time()
        self._paid_until = max(self._paid_until, now) + units / allowance.a_second
        if self._paid_until - now <= allowance.burst / allowance.a_second:
            return True
        self.hang_up(codes.TOO_FAST.code, codes.TOO_FAST.reason)
        return False

    def hang_up(self, code: int, reason: str) -> None:
        """Say why, and listen no more: what still comes is not even parsed."""
        self.close(code, reason)
        self._dropped, self._unread = 0, b""
        if not self.transport.is_closing() and self.transport.can_write_eof():
            self.transport.write_eof()

    def data_received(self, data: bytes) -> None:
        """Read one turn's share of what has come in, and keep the rest."""
        if self._dropped >= 0:
            self._drop_bytes(len(data))
        elif self._unread:
            self._unread += data
        else:
            self._read(data)

    def read_on(self) -> None:
        """Go on with what has come in, and hear more when that is done."""
        if self.is_full or self._dropped >= 0 or self.transport.is_closing():
            return
        data, self._unread = self._unread, b""
        if data:
            self._read(data)
        if not (self._unread or self.is_full or self.transport.is_reading()):
            self.transport.resume_reading()

    def _read(self, data: bytes) -> None:
        """One turn's share of it."""
        limit = self.allowance.bytes_a_turn
        self._parse(data if len(data) <= limit else data[:limit])
        if self._dropped >= 0 or self.transport.is_closing():
            return
        self._unread = data[limit:]
        if self._unread or self.is_full:
            if self.transport.is_reading():
                self.transport.pause_reading()
            if not self.is_full:
                self._loop.call_soon(self.read_on)

    def _drop_bytes(self, count: int) -> None:
        self._dropped += count
        if self._dropped > DEAF_BYTES:
            self.transport.abort()

    def _parse(self, data: bytes) -> None:
        ws = self.ws
        ws.receive_data(data)
        if ws.writes and not ws.eof_sent:
            self._flush()  # pongs go out before what the messages around the pings lead to
        for frame in ws.events_received():
            if self.sent_close:
                break
            assert isinstance(frame, Frame)
            self._take(frame)
        if ws.writes:
            self._flush()

    def eof_received(self) -> bool | None:
        """Tell the parser that nothing more comes."""
        self.ws.receive_eof()
        return None  # and the transport closes itself

    def pause_writing(self) -> None:
        """Cut off a client that does not read what it is sent."""
        self.cut(codes.SLOW.code)

    def connection_lost(self, exc: Exception | None) -> None:
        """Break the parser's reference cycles, and call `lost`."""
        ws = self.ws
        received = ws.close_rcvd
        code = self.sent_close or (received.code if received is not None else 1006)
        # The suspended parser holds the protocol, and an error its traceback: cycles that
        # only a garbage collection would find, and no collection looks at frozen objects.
        ws.parser.close()
        del ws.parser
        ws.parser_exc = None
        self._parts = None
        self.lost(code)

    def _take(self, frame: Frame) -> None:
        opcode = frame.opcode
        if not self.spend(1 + len(frame.data) // BYTES_A_UNIT):
            return
        if opcode is Opcode.PING or opcode is Opcode.PONG:
            self._count_control_frame()
        elif opcode is Opcode.CLOSE:
            pass  # answered by the parser
        elif self._parts is None:
            if frame.fin:
                self.received(bytes(frame.data), is_text=opcode is Opcode.TEXT)
            else:
                self._parts, self._is_text = bytearray(frame.data), opcode is Opcode.TEXT
        else:
            self._parts += frame.data
            if frame.fin:
                parts, self._parts = self._parts, None
                self.received(parts, is_text=self._is_text)

    def _count_control_frame(self) -> None:
        second = int(self._loop.time())
        if second != self._control_second:
            self._control_second, self._control_frames = second, 0
        self._control_frames += 1
        if self._control_frames > CONTROL_FRAMES_PER_SECOND:
            self.close(1008, "too many control frames")

    def _flush(self) -> None:
        for data in self.ws.data_to_send():
            if data is not SEND_EOF and data:
                self.transport.write(data)
                continue
            # The parser has ended the conversation: politely, or because of what it was sent.
            if self.ws.close_sent is not None and self.ws.close_rcvd is None:
                self.sent_close = self.sent_close or self.ws.close_sent.code
            self._end()

    def _end(self) -> None:
        if self.ws.close_rcvd is None and self.transport.can_write_eof():
            # Closing with unread input would reset the connection, close frame and all.
            self.transport.write_eof()
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        self._loop.call_later(CLOSE_TIMEOUT, self.transport.abort)
