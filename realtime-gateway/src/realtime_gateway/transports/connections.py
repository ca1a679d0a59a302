"""Which kind of connection a client gets for what it asked for."""

from dataclasses import replace

from realtime_gateway.node.clients import Clients
from realtime_gateway.node.node import Node
from realtime_gateway.protocol.encodings import JSON, Protobuf
from realtime_gateway.transports.bidirectional import BidirectionalWebSocket
from realtime_gateway.transports.handshake import Accepted
from realtime_gateway.transports.unidirectional import PARAMETER, EventStream, UniWebSocket
from realtime_gateway.transports.websocket import WebSocket


class Connections:
    """Makes the connections of a node."""

    def __init__(self, node: Node, clients: Clients) -> None:
        self._node = node
        self._clients = clients
        self._listening = replace(node.rules, expects_pong=False)
        self._protobuf = Protobuf()

    def websocket(self, accepted: Accepted) -> WebSocket:
        """A bidirectional or a unidirectional one, as the handshake's path says."""
        node = self._node
        if accepted.path == node.options.websocket.handler_prefix:
            encoding = self._protobuf if accepted.is_protobuf else JSON
            return BidirectionalWebSocket(node, self._clients, encoding)
        request = accepted.query.get(PARAMETER) or None
        return UniWebSocket(node, self._clients, self._listening, request)

    def stream(self) -> EventStream:
        """One that server-sent events are written to."""
        return EventStream(self._node, self._clients, self._listening)
