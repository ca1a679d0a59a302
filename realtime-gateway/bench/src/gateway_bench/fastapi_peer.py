"""A peer: the usual FastAPI WebSocket endpoint, one bounded queue and one task per client.

environment: PORT, REDIS_URL, PREFIX. Clients of /<n> get all messages of the channel PREFIX<n>.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from redis.asyncio import Redis

_QUEUE = 10_000  # more than a benchmark's bursts: losing messages would flatter the peer


class Channels:
    """The queues of all clients by channel, filled by one reader of Redis."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.queues: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)

    async def read(self, redis: Redis) -> None:
        """Hand every message of Redis to the queues of its channel."""
        pubsub = redis.pubsub()
        await pubsub.psubscribe(f"{self.prefix}*")
        async for message in pubsub.listen():
            if message["type"] == "pmessage":
                text = message["data"].decode()
                for queue in self.queues[message["channel"].decode()]:
                    if not queue.full():
                        queue.put_nowait(text)


def create_app(redis_url: str, prefix: str) -> FastAPI:
    """The application, with one reader for all channels."""
    channels = Channels(prefix)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with Redis.from_url(redis_url) as redis:
            reader = asyncio.create_task(channels.read(redis))
            yield
            reader.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.websocket("/{channel}")
    async def subscribe(socket: WebSocket, channel: str) -> None:
        queue: asyncio.Queue[str] = asyncio.Queue(_QUEUE)
        await socket.accept()
        channels.queues[prefix + channel].add(queue)
        try:
            with suppress(WebSocketDisconnect):
                while True:
                    await socket.send_text(await queue.get())
        finally:
            channels.queues[prefix + channel].discard(queue)

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ["REDIS_URL"], os.environ["PREFIX"]),
        port=int(os.environ["PORT"]),
        backlog=4096,
        log_level="warning",
        access_log=False,
        ws_per_message_deflate=False,
    )
