"""The protocol switch: uvicorn gives every TCP connection here first.

A request for the WebSocket path is answered here and its transport handed to a client
connection; anything else goes, bytes and all, to uvicorn's HTTP protocol (http_protocol.py). An
upgrade that comes later, on a connection kept alive by a proxy, arrives through uvicorn's `ws`
class: this one again. What this module uses of uvicorn beyond its documented surface is held by
a test of its own.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, cast

from realtime_gateway.config.options import Options
from realtime_gateway.node.clients import Clients
from realtime_gateway.transports import handshake
from realtime_gateway.transports.connections import Connections
from realtime_gateway.transports.handshake import Accepted, Refused
from realtime_gateway.transports.http_protocol import HttpProtocol
from realtime_gateway.transports.websocket import WebSocket

HEAD_TIMEOUT: Final = 10.0
"""Seconds from the connection to the end of the request head."""

log = logging.getLogger("gateway.protocol_switch")


class ProtocolSwitch(asyncio.Protocol):
    """Reads a request head, then leaves the connection to a WebSocket or to uvicorn."""

    __slots__ = ("_clients", "_head", "_make", "_next", "_options", "_other", "_prefixes",
                 "transport", "wake_tick")  # fmt: skip

    def __init__(
        self,
        options: Options,
        clients: Clients,
        *,
        make: Callable[[Accepted], WebSocket],
        other: Callable[[], asyncio.Protocol] | None,
    ) -> None:
        """`make` builds a client connection, as the handshake says.

        `other` what else speaks on this port, if anything.
        """
        self._options = options
        self._clients = clients
        self._make = make
        self._other = other
        self._prefixes = [b"GET " + path.encode() for path in options.websocket_paths]
        self._head = b""
        self._next: asyncio.Protocol | None = None
        self.wake_tick = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the request head, for `HEAD_TIMEOUT` seconds."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._clients.wheel.put(self, self._clients.loop.time() + HEAD_TIMEOUT)

    def data_received(self, data: bytes) -> None:
        """Read on, and decide as soon as the head is whole or cannot be ours."""
        if self._next is not None:
            # uvicorn has set this object as the transport's protocol again, after the
            # handshake.
            self._next.data_received(data)
            return
        self._head += data
        if not self._may_be_ours():
            self._hand_over()
            return
        end = self._head.find(b"\r\n\r\n") + 4
        if max(end, len(self._head) if end < 4 else 0) > handshake.MAX_HEAD:
            self._refuse(handshake.TOO_LARGE)
        elif end >= 4:
            self._answer(self._head[:end], self._head[end:])

    def eof_received(self) -> bool | None:
        """Pass it on to whatever took the connection."""
        return None if self._next is None else self._next.eof_received()

    def pause_writing(self) -> None:
        """Pass it on to whatever took the connection."""
        if self._next is not None:
            self._next.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on to whatever took the connection."""
        if self._next is not None:
            self._next.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass it on to whatever took the connection."""
        self._clients.wheel.remove(self)
        if self._next is not None:
            self._next.connection_lost(exc)

    def wake(self, now: float) -> None:
        """Cut the connection: its head has taken too long."""
        self.transport.abort()

    def _may_be_ours(self) -> bool:
        head = self._head
        return any(
            head.startswith(prefix) and head[len(prefix)] in b" ?"
            if len(head) > len(prefix)
            else prefix.startswith(head)
            for prefix in self._prefixes
        )

    def _hand_over(self) -> None:
        if self._other is None:
            self._refuse(handshake.NOT_FOUND)
            return
        self._clients.wheel.remove(self)
        other = self._other()
        other.connection_made(self.transport)
        self.transport.set_protocol(other)
        other.data_received(self._head)

    def _answer(self, head: bytes, rest: bytes) -> None:
        if not self._clients.has_room_for(self.transport):
            self._refuse(handshake.overloaded(self._clients.seconds_to_wait()))
            return
        verdict = handshake.decide(head, allowed_origins=self._options.client.allowed_origins)
        if isinstance(verdict, Refused):
            self._refuse(verdict)
            return
        self._clients.wheel.remove(self)
        self.transport.write(verdict.response)
        self._head = b""
        connection = self._next = self._make(verdict)
        connection.attach(self.transport, buffer_limit=self._options.client.queue_max_size)
        if rest:
            connection.data_received(rest)

    def _refuse(self, verdict: Refused) -> None:
        self._clients.stats.handshakes_refused[verdict.status] += 1
        log.info("handshake refused: %s", verdict.why)
        self.transport.write(verdict.response)
        self.transport.close()


def uvicorn_protocols(
    options: Options,
    clients: Clients,
    connections: Connections,
) -> tuple[Callable[..., ProtocolSwitch], Callable[..., ProtocolSwitch]]:
    """What uvicorn calls as its `http` and as its `ws` class."""

    def first(
        config: Any, server_state: Any, app_state: dict[str, Any], _loop: Any = None
    ) -> ProtocolSwitch:
        def other() -> asyncio.Protocol:
            http = HttpProtocol(config, server_state, app_state, _loop)
            http.admit(options, clients, connections.stream)
            return http

        return ProtocolSwitch(options, clients, make=connections.websocket, other=other)

    def later(
        config: Any, server_state: Any, app_state: dict[str, Any], _loop: Any = None
    ) -> ProtocolSwitch:
        return ProtocolSwitch(options, clients, make=connections.websocket, other=None)

    return first, later
