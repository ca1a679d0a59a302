"""A bidirectional client on a WebSocket, in either encoding."""

from typing import Any

from service_kit.logs import area

from realtime_gateway.config.options import SUBSCRIBE_UNITS
from realtime_gateway.node.clients import Clients
from realtime_gateway.node.node import Node
from realtime_gateway.protocol import codes
from realtime_gateway.protocol.commands import Command, Subscribe
from realtime_gateway.protocol.encodings import Dialogue
from realtime_gateway.protocol.fields import Malformed
from realtime_gateway.transports.client_connection import BACKLOG_LIMIT, ClientConnection
from realtime_gateway.transports.client_lifecycle import STATE
from realtime_gateway.transports.websocket import WebSocket

trace = area("gateway:clients")


class BidirectionalWebSocket(WebSocket, ClientConnection):
    """A client that sends commands, in JSON or in protobuf."""

    __slots__ = (*STATE,)

    encoding: Dialogue

    def __init__(self, node: Node, clients: Clients, encoding: Dialogue) -> None:
        limit = node.options.websocket.message_size_limit
        super().__init__(clients.loop, max_message_size=limit, allowance=clients.allowance)
        self.start(node, clients, node.rules, encoding)

    def received(self, data: bytes | bytearray, *, is_text: bool) -> None:
        """Handle the commands in a message, after those that wait."""
        self._clients.stats.bytes_received += len(data)
        try:
            most = self.allowance.most
            parts = self.encoding.split(data, is_text=is_text, most=most)
        except UnicodeDecodeError:
            self.close(1007, "text is UTF-8")
        except Malformed:
            self._finish(codes.INVALID_REQUEST)
        else:
            if self.spend(len(parts) - 1):
                self._take_parts(parts)

    def lost(self, code: int) -> None:
        """Leave everything: the connection is gone."""
        trace.debug("%s: gone, %d", self.session.client, code)
        self.forget()
        self._clients.remove(self, code)

    def close(self, code: int, reason: str) -> None:
        """Leave everything, and say why."""
        self.forget()
        super().close(code, reason)
        if not self.transport.is_closing() and not self.transport.is_reading():
            self.transport.resume_reading()  # or the goodbye would not be heard

    def _take_parts(self, parts: list[Any]) -> None:
        if self._backlog is None:
            self._handle(parts)
            return
        self._backlog.extend(parts)

    @property
    def is_full(self) -> bool:
        """Whether so many commands wait that no more are read."""
        return self._backlog is not None and len(self._backlog) > BACKLOG_LIMIT

    def _on_progress(self) -> None:
        self.read_on()

    def _decode(self, part: Any) -> Command:
        command = self.encoding.decode(part)
        if isinstance(command, Subscribe):
            self.spend(SUBSCRIBE_UNITS - 1)  # a command is one in any case
        return command
