"""A node inside the test, on a real Valkey, and clients of it without sockets."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from gateway_process import insecure
from realtime_gateway.app import Gateway
from realtime_gateway.config.settings import load
from realtime_gateway.protocol.encodings import JSON, Dialogue, Protobuf
from realtime_gateway.transports.bidirectional import BidirectionalWebSocket
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, Protocol


class Wire(asyncio.Transport):
    """The client's end of a connection: what it was sent, and whether it still reads."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.is_broken = False
        """As uvloop says it of a transport that is closed."""
        self.is_gone = False
        self.is_reading_now = True
        self.was_aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.is_broken:
            raise RuntimeError("unable to perform operation: the handler is closed")
        self.written += data

    def is_closing(self) -> bool:
        return self.is_gone

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        pass

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.is_reading_now = False

    def resume_reading(self) -> None:
        self.is_reading_now = True

    def is_reading(self) -> bool:
        return self.is_reading_now

    def close(self) -> None:
        pass

    def abort(self) -> None:
        self.was_aborted = True


class Client:
    """A bidirectional client of the node."""

    def __init__(self, gateway: Gateway, *, protobuf: bool = False) -> None:
        self.wire = Wire()
        encoding: Dialogue = Protobuf() if protobuf else JSON
        self.connection = BidirectionalWebSocket(gateway.node, gateway.clients, encoding)
        self.connection.attach(self.wire, buffer_limit=1_048_576)
        self._ids = 0
        self._reader = Protocol(CLIENT, max_size=None)
        self._seen = 0
        self.frames: list[Frame] = []

    def say(self, *commands: dict[str, Any]) -> None:
        """All in one frame."""
        self.bring("\n".join(json.dumps(each) for each in commands).encode())

    def bring(self, message: bytes, opcode: Opcode = Opcode.TEXT) -> None:
        self.connection.data_received(Frame(opcode, message).serialize(mask=True))

    def go(self) -> None:
        """Without a goodbye, as a browser tab that is closed."""
        self.wire.is_broken = self.wire.is_gone = True
        self.connection.connection_lost(None)

    def heard(self) -> list[Any]:
        """Every message so far, pings left out."""
        return [
            json.loads(line)
            for frame in self._frames()
            if frame.opcode is Opcode.TEXT
            for line in bytes(frame.data).decode().split("\n")
            if line != "{}"
        ]

    def closed(self) -> int:
        """The code it was sent away with; 0 while it was not."""
        for frame in self._frames():
            if frame.opcode is Opcode.CLOSE:
                return int.from_bytes(bytes(frame.data[:2]))
        return 0

    def _frames(self) -> list[Frame]:
        news = bytes(self.wire.written[self._seen :])
        self._seen += len(news)
        self._reader.receive_data(news)
        self.frames += [
            each for each in self._reader.events_received() if isinstance(each, Frame)
        ]
        return self.frames

    async def answer(self, method: str, **request: Any) -> Any:
        """The whole reply to one command."""
        self._ids += 1
        number = self._ids
        self.say({"id": number, method: request})
        await until(lambda: any(each.get("id") == number for each in self.heard()))
        return next(each for each in self.heard() if each.get("id") == number)


async def until(holds: Any, seconds: float = 10.0) -> None:
    """Wait for a state; TimeoutError where it does not come."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - nothing tells when it does
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def node(
    folder: Path, redis_url: str, options: dict[str, Any] | None = None
) -> AsyncIterator[Gateway]:
    """Under which everybody may do everything, unless said otherwise."""
    config = folder / "gateway.json"
    config.write_text(json.dumps(options or insecure()))
    gateway = Gateway(load(config, {}, {"engine.redis.address": redis_url}).options)
    async with gateway.running():
        await until(lambda: gateway.bus.is_connected)
        yield gateway
