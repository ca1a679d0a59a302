"""A client's connection as its node sees it: its session, its users, its timer and its end."""

import logging
import uuid
from asyncio import Task, Transport
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

from realtime_gateway.node.clients import Clients
from realtime_gateway.node.node import Node
from realtime_gateway.protocol import codes
from realtime_gateway.protocol.codes import Close
from realtime_gateway.protocol.encodings import Encoding
from realtime_gateway.sessions.control_commands import (
    ControlCommand,
    Disconnect,
)
from realtime_gateway.sessions.effects import (
    EndSubscription,
    Ping,
)
from realtime_gateway.sessions.rules import Rules
from realtime_gateway.sessions.session import Session
from realtime_gateway.sessions.subscriptions import NEVER

log = logging.getLogger("gateway.connection")

STATE: Final = (
    "__weakref__", "_backlog", "_began", "_clients", "_node", "_replies", "_task", "encoding",
    "is_over", "session", "wake_tick",
)  # fmt: skip
"""The slots that whoever mixes ClientLifecycle in has to have: two bases cannot bring some."""


class ClientLifecycle:
    """What a connection is to its node, whatever its client sends."""

    __slots__ = STATE[:0]

    transport: Transport
    send: Callable[[bytes], None]
    sent_close: int
    encoding: Encoding

    def close(self, code: int, reason: str) -> None:
        """Say why, and go: calls `forget` first."""
        raise NotImplementedError

    def cut(self, code: int) -> None:
        """Go at once."""
        raise NotImplementedError

    def start(self, node: Node, clients: Clients, rules: Rules, encoding: Encoding) -> None:
        """Begin a session for the connection."""
        self._node = node
        self._clients = clients
        self.encoding = encoding
        self._replies: list[bytes] = []
        self._began: tuple[str, float] | None = None
        self._backlog: deque[Any] | None = None
        self._task: Task[None] | None = None
        self.is_over = False
        """Whether it has left everything: what still runs for it must not enter anything."""
        self.session = Session(str(uuid.uuid4()), rules, clients.loop.time())
        self.wake_tick = 0
        clients.add(self)
        clients.wheel.put(self, self.session.wake_at())

    def forget(self) -> None:
        """Leave everything: from here on nobody sends to this connection."""
        self.is_over = True
        self._node.users.remove(self, self.session.user)
        self._clients.wheel.remove(self)
        self._backlog = None
        if self._task is not None:
            # It may not hear of this: Python 3.11's asyncio can swallow a cancellation.
            self._task.cancel()
            self._task = None
        for leave in self.session.end():
            self._node.leave(self, leave)

    def fail(self, error: Exception) -> None:
        """A fault of ours, and nobody else's trouble: leave everything, and go at once."""
        log.error("a connection failed", exc_info=error)
        try:
            self.forget()
        except Exception:
            log.exception("a connection could not leave everything")
        self.transport.abort()

    @property
    def user(self) -> str:
        """The user's id; empty for an anonymous client."""
        return self.session.user

    @property
    def _has_ended(self) -> bool:
        return self.is_over or self.sent_close != 0

    def is_meant(self, command: ControlCommand) -> bool:
        """Whether the control command concerns this connection."""
        return command.concerns(self.session.client, self.session.session)

    def apply(self, command: ControlCommand) -> None:
        """Do what the server wants: go at once, anything else in its turn."""
        if isinstance(command, Disconnect):
            self._finish(Close(command.code, command.reason))
        elif self._backlog is None:
            self._handle([command])
        else:
            self._backlog.append(command)

    def tell(self, push: bytes) -> None:
        """Send a push that is no channel's, if the client has connected."""
        if self.session.is_connected and not self._has_ended:
            self.send(self.encoding.messages([push]))

    def hears_joins(self, channel: str) -> bool:
        """Whether the client is told who comes into the channel and leaves it."""
        held = self.session.subscriptions.get(channel)
        return held is not None and held.terms.hears_joins

    def on_lost(self, channel: str) -> None:
        """End the subscription: publications of its channel are lost for good."""
        self._end_subscription(EndSubscription(channel, codes.INSUFFICIENT))

    def wake(self, now: float) -> None:
        """Do what is due at `now`: ping, end subscriptions, or end the connection."""
        for due in self.session.wake(now):
            match due:
                case Ping():
                    self.send(self.encoding.ping)
                case EndSubscription():
                    self._end_subscription(due)
                case Close():
                    self._finish(due)
                    return
        self._sleep()

    def _handle(self, parts: Iterable[Any]) -> None:
        """Answer these after what waits."""
        raise NotImplementedError

    def _finish(self, why: Close) -> None:
        """End the connection after the replies that are ready."""
        raise NotImplementedError

    def _end_subscription(self, end: EndSubscription) -> None:
        """End a subscription at the server's wish, at once."""
        raise NotImplementedError

    def _sleep(self) -> None:
        at = self.session.wake_at()
        if at != NEVER:
            self._clients.wheel.put(self, at)
