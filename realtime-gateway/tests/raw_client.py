"""A client that speaks raw frames, to see exactly what the gateway sends."""

import asyncio
import contextlib
import json
from collections import deque
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Message = dict[str, Any]


class RawClient:
    """`async with RawClient(url) as client`; pings are answered and not shown."""

    def __init__(self, url: str, **options: Any) -> None:
        self._url = url
        self._options = options
        self._waiting: deque[Message] = deque()
        self._ids = 0
        self.frames: list[str] = []

    async def __aenter__(self) -> "RawClient":
        self.socket: ClientConnection = await connect(
            self._url, ping_interval=None, compression=None, max_size=None, **self._options
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.socket.close()

    async def send(self, *commands: Message | str) -> None:
        """All commands in one frame."""
        lines = [each if isinstance(each, str) else json.dumps(each) for each in commands]
        await self.socket.send("\n".join(lines))

    async def receive(self, seconds: float = 30.0) -> Message:
        """The next reply or push."""
        async with asyncio.timeout(seconds):
            while not self._waiting:
                await self._receive_frame()
        return self._waiting.popleft()

    async def ask(self, method: str, **request: Any) -> Message:
        """The whole reply; pushes that come first are kept for `receive`."""
        self._ids += 1
        await self.send({"id": self._ids, method: request})
        skipped = []
        while (message := await self.receive()).get("id") != self._ids:
            skipped.append(message)
        self._waiting.extendleft(reversed(skipped))
        return message

    async def connect(self, **request: Any) -> Message:
        reply = await self.ask("connect", **request)
        assert "connect" in reply, reply
        result: Message = reply["connect"]
        return result

    async def subscribe(self, channel: str, **request: Any) -> Message:
        reply = await self.ask("subscribe", channel=channel, **request)
        assert "subscribe" in reply, reply
        result: Message = reply["subscribe"]
        return result

    async def publication(self, seconds: float = 30.0) -> Message:
        """The next pushed publication; anything else fails."""
        message = await self.receive(seconds)
        assert "pub" in message.get("push", {}), message
        found: Message = message["push"]["pub"]
        return found

    async def closed(self, seconds: float = 30.0) -> tuple[int, str]:
        """Wait for the end; its code and reason. Whatever comes before it is dropped."""
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(seconds):
                while True:
                    await self._receive_frame()
        code, reason = self.socket.close_code, self.socket.close_reason
        assert code is not None
        return code, reason or ""

    async def _receive_frame(self) -> None:
        frame = await self.socket.recv()
        assert isinstance(frame, str)
        self.frames.append(frame)
        for line in frame.split("\n"):
            message = json.loads(line)
            if message:
                self._waiting.append(message)
            else:
                await self.socket.send("{}")

    async def is_silent(self, seconds: float = 0.3) -> bool:
        try:
            message = await self.receive(seconds)
        except TimeoutError:
            return True
        raise AssertionError(message)
