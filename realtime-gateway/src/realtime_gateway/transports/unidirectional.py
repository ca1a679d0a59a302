"""Clients that say one thing, when they come, and then only listen.

Their one message is a connect request with the channels they want, and where they were in them.
The first push is its answer; publications that arrive while it is being made wait for it. Such
a client cannot subscribe again, so when a channel's publications are lost it is sent away, and
comes back with the positions it has.
"""

import asyncio
import json
from typing import Any, Final

from realtime_gateway.node.clients import Clients
from realtime_gateway.node.node import Node
from realtime_gateway.protocol import codes, frames, wire
from realtime_gateway.protocol.codes import Close, Unsubscribe
from realtime_gateway.protocol.commands import Command, Subscribe, unidirectional
from realtime_gateway.protocol.encodings import EVENTS, PUSHES, Encoding
from realtime_gateway.protocol.fields import Malformed, loads
from realtime_gateway.sessions.rules import Rules
from realtime_gateway.transports.client_connection import ClientConnection
from realtime_gateway.transports.client_lifecycle import STATE
from realtime_gateway.transports.websocket import CLOSE_TIMEOUT, WebSocket

PARAMETER: Final = "cf_connect"
GONE: Final = 1006
"""As a WebSocket that ended without a goodbye is counted."""
UNI_STATE: Final = (*STATE, "_held", "_held_bytes", "_wanted")


def understood(request: str | bytes | bytearray) -> list[Command]:
    """What a client's only message says, or Malformed. It may say nothing."""
    try:
        return unidirectional(loads(request or "{}"))
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8") from error


class Unidirectional(ClientConnection):
    """What both kinds of unidirectional clients have in common."""

    __slots__ = STATE[:0]

    def start(self, node: Node, clients: Clients, rules: Rules, encoding: Encoding) -> None:
        """Begin a session, which waits for the client's only message."""
        self._wanted: list[str] | None = None
        self._held: list[bytes] = []
        self._held_bytes = 0
        super().start(node, clients, rules, encoding)

    def begin(self, request: str | bytes | bytearray) -> None:
        """Take the client's only message."""
        self._clients.stats.bytes_received += len(request)
        try:
            self.follow(understood(request))
        except Malformed:
            self._finish(codes.INVALID_REQUEST)

    def follow(self, commands: list[Command]) -> None:
        """Do what it says."""
        self._wanted = [each.channel for each in commands if isinstance(each, Subscribe)]
        self.send = self._hold
        self._handle(commands)

    def on_lost(self, channel: str) -> None:
        """End the connection: the client cannot subscribe again by itself."""
        held = self.session.subscriptions.get(channel)
        if held is not None and held.terms.is_positioned:
            self._finish(codes.INSUFFICIENT_STATE)

    def _decode(self, part: Any) -> Command:
        command: Command = part
        return command

    def _flush_replies(self) -> None:
        if self._wanted is None:
            super()._flush_replies()
        elif len(self._replies) > len(self._wanted):
            self._answer([json.loads(reply) for reply in self._replies])

    def _answer(self, replies: list[dict[str, Any]]) -> None:
        assert self._wanted is not None
        errors = [each["error"] for each in replies if "error" in each]
        if any(error.get("temporary") for error in errors):
            self._finish(codes.SERVER_ERROR)
            return
        if "connect" not in replies[0]:
            self._finish(codes.INVALID_REQUEST)
            return
        result, refused = replies[0]["connect"], {}
        subs = result.setdefault("subs", {})
        for channel, reply in zip(self._wanted, replies[1:], strict=False):
            if "error" not in reply:
                subs[channel] = reply["subscribe"]
            elif channel not in subs:  # the server has not put the client into it, either
                refused[channel] = reply["error"]
        self._welcome(result, refused)

    def _welcome(self, result: dict[str, Any], refused: dict[str, Any]) -> None:
        """The first push, and one for each channel that the client may not have."""
        pushes = [wire.dumps({"push": {"connect": result}})]
        for channel, error in refused.items():
            why = Unsubscribe(codes.UNSUBSCRIBED.code, error["message"])
            pushes.append(wire.unsubscribe_push(channel, why))
        if self._clients.standstill:
            pushes.append(self._clients.standstill)
        held, self._held, self._wanted = self._held, [], None
        self._replies.clear()
        self.send = self.transport.write
        self.send(b"".join([self.encoding.messages(pushes), *held]))

    def _greet(self) -> None:
        """The welcome does."""

    def _finish(self, why: Close) -> None:
        if self._wanted is None:
            self._flush_replies()
        self.close(why.code, why.reason)

    def say_goodbye(self, code: int, reason: str) -> None:
        """The last push; what has been held back will not be heard of."""
        self._held, self._wanted = [], None
        self._replies.clear()
        if not self.sent_close and not self.transport.is_closing():
            self.send = self.transport.write
            self.send(self.encoding.messages([wire.disconnect_push(Close(code, reason))]))

    def _hold(self, data: bytes) -> None:
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > self._node.options.client.queue_max_size:
            self.sent_close = self.sent_close or codes.SLOW.code
            self.transport.abort()


class UniWebSocket(WebSocket, Unidirectional):
    """On a WebSocket: the request stands in its address, or is the first message."""

    __slots__ = (*UNI_STATE, "_request")

    def __init__(self, node: Node, clients: Clients, rules: Rules, request: str | None) -> None:
        limit = node.options.uni_websocket.message_size_limit
        super().__init__(clients.loop, max_message_size=limit, allowance=clients.allowance)
        self._request = request
        self.start(node, clients, rules, PUSHES)

    def attach(self, transport: asyncio.Transport, *, buffer_limit: int) -> None:
        """Take over a transport, and the request if it stood in the address."""
        super().attach(transport, buffer_limit=buffer_limit)
        if self._request is not None:
            self.begin(self._request)

    def received(self, data: bytes | bytearray, *, is_text: bool) -> None:
        """Take the first message as the request, and nothing after it."""
        if self._request is None:
            self._request = ""
            self.begin(data)

    def lost(self, code: int) -> None:
        """Leave everything: the connection is gone."""
        self.forget()
        self._clients.remove(self, code)

    def close(self, code: int, reason: str) -> None:
        """Say why in a last push, leave everything, and go."""
        self.say_goodbye(code, reason)
        self.forget()
        super().close(code, reason)


class EventStream(asyncio.Protocol, Unidirectional):
    """As server-sent events, the body of an HTTP response that does not end."""

    __slots__ = (*UNI_STATE, "send", "sent_close", "transport")

    def __init__(self, node: Node, clients: Clients, rules: Rules) -> None:
        self.sent_close = 0
        self.start(node, clients, rules, EVENTS)

    def attach(self, transport: asyncio.Transport, *, buffer_limit: int) -> None:
        """Take over a transport on which the response has begun."""
        self.transport = transport
        self.send = transport.write
        transport.set_write_buffer_limits(high=buffer_limit)
        transport.set_protocol(self)

    def close(self, code: int, reason: str) -> None:
        """Say why in a last push, leave everything, and end the response."""
        self.say_goodbye(code, reason)
        self.forget()
        if not self.sent_close and not self.transport.is_closing():
            self.sent_close = code
            self.transport.write(frames.LAST_CHUNK)
            self.transport.close()
            self._clients.loop.call_later(CLOSE_TIMEOUT, self.transport.abort)

    def cut(self, code: int) -> None:
        """Drop the connection at once, with all that waits to be sent."""
        self.sent_close = self.sent_close or code
        self.transport.abort()

    def pause_writing(self) -> None:
        """Cut off a client that does not read what it is sent."""
        self.cut(codes.SLOW.code)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave everything: the connection is gone."""
        self.forget()
        self._clients.remove(self, self.sent_close or GONE)
