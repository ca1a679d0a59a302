"""A WebSocket echo behind the gateway's own door and socket class, for conformance tests only.

`python echo_server.py PORT`
"""

import asyncio
import sys
from typing import Any, cast

import uvicorn
import uvloop
from realtime_gateway.config.options import ClientOptions, Options, WebSocketOptions
from realtime_gateway.delivery.stats import Stats
from realtime_gateway.node.clients import Clients
from realtime_gateway.protocol import frames
from realtime_gateway.transports.handshake import Accepted
from realtime_gateway.transports.protocol_switch import uvicorn_protocols
from realtime_gateway.transports.websocket import WebSocket

MAX_MESSAGE = 32 * 1024 * 1024


class Echo(WebSocket):
    __slots__ = ()

    def received(self, data: bytes | bytearray, *, is_text: bool) -> None:
        payload = bytes(data)
        if not is_text:
            self.send(frames.binary(payload))
            return
        try:
            payload.decode()
        except UnicodeDecodeError:
            self.close(1007, "text is UTF-8")
        else:
            self.send(frames.text(payload))


class Echoes:
    """In the place of `Connections`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def websocket(self, accepted: Accepted) -> Echo:
        return Echo(self._loop, max_message_size=MAX_MESSAGE)

    def stream(self) -> None:
        """There are none here."""


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    options = Options(
        client=ClientOptions(queue_max_size=2 * MAX_MESSAGE),
        websocket=WebSocketOptions(handler_prefix="/"),
    )
    clients = Clients(loop, Stats(), limit=0)
    first, later = uvicorn_protocols(options, clients, cast(Any, Echoes(loop)))
    config = uvicorn.Config(
        nothing, port=port, http=cast(Any, first), ws=cast(Any, later), lifespan="off",
        log_level="warning",
    )  # fmt: skip
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
