"""A client's socket and its session, put together: commands in, replies out, in that order.

Replies to one frame leave in one frame. While a command waits for Redis the following ones wait
behind it; when too many wait, the socket is not read: a client's haste costs the client. A task
exists only while something is being waited for.
"""

import logging
from asyncio import Task
from collections import deque
from typing import Final

from service_kit.logs import area

from realtime_gateway import codes, frames
from realtime_gateway.asks import Answer, Ask, Drop, Handling, Outcome, Ping
from realtime_gateway.clients import Clients
from realtime_gateway.codes import Close
from realtime_gateway.commands import Malformed, decode
from realtime_gateway.node import LATER, Node
from realtime_gateway.session import Session
from realtime_gateway.subscriptions import NEVER
from realtime_gateway.websocket import WebSocket

BACKLOG_LIMIT: Final = 256

log = logging.getLogger("gateway.connection")
trace = area("gateway:clients")


class ClientConnection(WebSocket):
    __slots__ = (
        "__weakref__", "_backlog", "_clients", "_node", "_replies", "_task", "session",
        "wake_tick",
    )  # fmt: skip

    def __init__(self, node: Node, clients: Clients) -> None:
        super().__init__(
            clients.loop, max_message_size=node.options.websocket.message_size_limit
        )
        self._node = node
        self._clients = clients
        self._replies: list[bytes] = []
        self._backlog: deque[str] | None = None
        self._task: Task[None] | None = None
        self.session = Session(str(self.ws.id), node.rules, clients.loop.time())
        self.wake_tick = 0
        clients.add(self)
        clients.wheel.put(self, self.session.wake_at())

    def received(self, data: bytes | bytearray, *, is_text: bool) -> None:
        self._clients.stats.bytes_received += len(data)
        try:
            lines = [line for line in data.decode().split("\n") if line] if is_text else []
        except UnicodeDecodeError:
            self.close(1007, "text is UTF-8")
            return
        if not lines:
            self._finish(codes.INVALID_REQUEST)
        elif self._backlog is not None:
            self._backlog.extend(lines)
            if len(self._backlog) > BACKLOG_LIMIT:
                self.transport.pause_reading()
        else:
            self._handle(lines)

    def lost(self, code: int) -> None:
        trace.debug("%s: gone, %d", self.session.client, code)
        self._forget()
        self._clients.remove(self, code)

    def close(self, code: int, reason: str) -> None:
        self._forget()
        super().close(code, reason)
        if not self.transport.is_closing() and not self.transport.is_reading():
            self.transport.resume_reading()  # or the goodbye would not be heard

    @property
    def user(self) -> str:
        return self.session.user

    def lose(self, channel: str) -> None:
        self._drop(Drop(channel, codes.INSUFFICIENT))

    def wake(self, now: float) -> None:
        for due in self.session.wake(now):
            match due:
                case Ping():
                    self.send(frames.PING)
                case Drop():
                    self._drop(due)
                case Close():
                    self._finish(due)
                    return
        self._sleep()

    def _handle(self, lines: list[str]) -> None:
        """Answer the commands in `lines`, up to the first that has to be waited for."""
        for index, line in enumerate(lines):
            try:
                command = decode(line)
            except Malformed:
                self._finish(codes.INVALID_REQUEST)
                return
            self._clients.stats.commands += 1
            trace.debug("%s: %s", self.session.client, type(command).__name__)
            handling = self.session.handle(command, self._clients.loop.time())
            ask = self._advance(handling, None)
            if self.sent_close:
                return
            if ask is not None:
                self._flush_replies()
                self._backlog = deque(lines[index + 1 :])
                self._task = self._clients.spawn(self._wait(handling, ask))
                return
        self._flush_replies()
        self._sleep()

    async def _wait(self, handling: Handling, ask: Ask | None) -> None:
        try:
            while ask is not None:
                answer = await self._node.answer_later(self, ask)
                ask = self._advance(handling, answer)
        except Exception:  # a fault of ours must not leave a client waiting for ever
            log.exception("command failed")
            self._finish(codes.SERVER_ERROR)
            return
        self._task = None
        backlog, self._backlog = self._backlog, None
        if self.sent_close:
            return
        if backlog and len(backlog) > BACKLOG_LIMIT:
            self.transport.resume_reading()
        self._handle(list(backlog or ()))

    def _advance(self, handling: Handling, answer: object) -> Ask | None:
        """Go on with a command; what it asks for if that has to be waited for."""
        try:
            while True:
                ask = handling.send(answer)
                answer = self._node.answer(self, ask)
                if answer is LATER:
                    return ask
        except StopIteration as end:
            self._conclude(end.value)
            return None

    def _conclude(self, outcome: Outcome) -> None:
        if isinstance(outcome, Close):
            self._finish(outcome)
        elif isinstance(outcome, Answer):
            self._replies.append(outcome.message)
            if outcome.error:
                self._clients.stats.errors[outcome.error] += 1
            if outcome.then is not None:
                self._finish(outcome.then)

    def _finish(self, why: Close) -> None:
        self._flush_replies()
        self.close(why.code, why.reason)

    def _flush_replies(self) -> None:
        if self._replies:
            self.send(frames.text(b"\n".join(self._replies)))
            self._replies.clear()

    def _drop(self, drop: Drop) -> None:
        push = self.session.drop(drop.channel, drop.why)
        if push is not None:
            self._node.leave(self, drop.channel)
            self._clients.stats.unsubscribes[drop.why.code] += 1
            self.send(frames.text(push))

    def _sleep(self) -> None:
        at = self.session.wake_at()
        if at != NEVER:
            self._clients.wheel.put(self, at)

    def _forget(self) -> None:
        """Leave everything: from here on nobody sends to this connection."""
        for channel in self.session.subscriptions:
            self._node.leave(self, channel)
        self.session.subscriptions = {}
        self._clients.wheel.remove(self)
        self._backlog = None
        if self._task is not None:
            self._task.cancel()
            self._task = None
