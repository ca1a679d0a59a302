"""Clients that stay: they reconnect and recover as the official SDKs do, and keep a log."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from cuttable import pump
from service_kit.channel_log import ChannelLog, HistoryOptions
from service_kit.tasks import background
from subscriber_log import Message, Published, SubscriberLog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

SILENCE = 5.0
"""Longer than the gateway's ping interval: the connection is dead."""


class ClientState:
    def __init__(
        self,
        url: str,
        channel: str,
        *,
        damage: Callable[[Message], list[Message]] | None = None,
    ) -> None:
        """`damage` stands for a bug of the gateway: what becomes of a publication."""
        self.log = SubscriberLog()
        self.connections = 0
        self._url = url
        self._channel = channel
        self._damage = damage or (lambda publication: [publication])

    async def run(self) -> None:
        while True:
            with contextlib.suppress(OSError, TimeoutError, WebSocketException):
                await self._stay()
            await asyncio.sleep(random.uniform(0.02, 0.3))

    async def _stay(self) -> None:
        async with connect(
            self._url, open_timeout=3, ping_interval=None, close_timeout=0.2, max_size=None,
            compression=None,
        ) as socket:  # fmt: skip
            await socket.send('{"id":1,"connect":{}}')
            await self._subscribe(socket)
            self.connections += 1
            while True:
                async with asyncio.timeout(SILENCE):
                    frame = str(await socket.recv())
                for line in frame.split("\n"):
                    await self._take(socket, json.loads(line))

    async def _subscribe(self, socket: ClientConnection) -> None:
        request = {"channel": self._channel, **self.log.since}
        await socket.send(json.dumps({"id": 2, "subscribe": request}))

    async def _take(self, socket: ClientConnection, message: Message) -> None:
        push = message.get("push", {})
        if not message:
            await socket.send("{}")
        elif "subscribe" in message:
            self.log.subscribed(message["subscribe"])
        elif "pub" in push:
            for publication in self._damage(push["pub"]):
                self.log.publication(publication)
        elif "unsubscribe" in push or message.get("id") == 2:
            await asyncio.sleep(0.1)
            await self._subscribe(socket)


class Publisher:
    """Publishes numbers to one channel until it is told to stop, each until it is confirmed."""

    def __init__(self, channel_log: ChannelLog, channel: str, pause: float) -> None:
        self.published = Published()
        self._log = channel_log
        self._channel = channel
        self._pause = pause
        self._number = 0

    async def run(self) -> None:
        while True:
            await self.publish()
            await asyncio.sleep(self._pause)

    async def publish(self) -> None:
        self._number += 1
        data = f"{self._channel}-{self._number}"
        self.published.tried.add(data)
        fragment = json.dumps({"data": data}, separators=(",", ":")).encode()
        while True:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(2):
                    place = await self._log.publish(
                        self._channel, fragment, HistoryOptions(10_000, 600)
                    )
                    self.published.confirmed[place.epoch, place.offset] = data
                    return
            await asyncio.sleep(0.05)


class Balancer:
    """A TCP balancer in front of several nodes; it passes over those that refuse."""

    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self._turn = 0
        self._serving: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def end(self) -> None:
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in self.ports:
            self._turn += 1
            port = self.ports[self._turn % len(self.ports)]
            with contextlib.suppress(OSError):
                up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer))
                return
        writer.transport.abort()


@asynccontextmanager
async def balanced(ports: list[int]) -> AsyncIterator[str]:
    """The address at which one of the nodes answers; `ports` may change meanwhile."""
    balancer = Balancer(ports)
    server = await asyncio.start_server(balancer.accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"ws://127.0.0.1:{port}/connection/websocket"
    finally:
        server.close()
        await balancer.end()


@asynccontextmanager
async def running(*parts: Any) -> AsyncIterator[None]:
    """All of these at work."""
    async with contextlib.AsyncExitStack() as stack:
        for part in parts:
            await stack.enter_async_context(background(part.run(), name=type(part).__name__))
        yield


async def quiet(followers: list[ClientState], top: Message, seconds: float = 30.0) -> None:
    """Wait until all stand at the channel's top; in vain, if something is wrong."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while any(  # noqa: ASYNC110 - other processes deliver
                (each.log.offset, each.log.epoch) != (top["offset"], top["epoch"])
                for each in followers
            ):
                await asyncio.sleep(0.05)
