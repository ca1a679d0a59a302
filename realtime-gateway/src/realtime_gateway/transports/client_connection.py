"""A client's connection and its session, put together: commands in, replies out, in that order.

Replies to one frame leave in one frame. While a command waits for Redis the following ones wait
behind it; when too many wait, the socket is not read: a client's haste costs the client. A task
exists only while something is being waited for.
"""

import logging
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

from service_kit.logs import area

from realtime_gateway.node.node import LATER
from realtime_gateway.protocol import codes
from realtime_gateway.protocol.codes import Close
from realtime_gateway.protocol.commands import Command
from realtime_gateway.protocol.fields import Malformed
from realtime_gateway.protocol.protobuf import Unsayable
from realtime_gateway.sessions.control_commands import (
    Refresh,
    Subscribe,
    Unsubscribe,
)
from realtime_gateway.sessions.effects import (
    Answer,
    Effect,
    EndSubscription,
    Handling,
    Outcome,
)
from realtime_gateway.transports.client_lifecycle import STATE, ClientLifecycle

BACKLOG_LIMIT: Final = 256

log = logging.getLogger("gateway.connection")
trace = area("gateway:clients")


class ClientConnection(ClientLifecycle):
    """What all kinds of connections have in common; mixed into one that has a transport."""

    __slots__ = STATE[:0]

    def _decode(self, part: Any) -> Command:
        raise NotImplementedError

    def _handle(self, parts: Iterable[Any]) -> None:
        self._work_off(deque(parts))

    def _work_off(self, waiting: deque[Any]) -> None:
        """Answer what waits, up to the first that has to be waited for.

        In this turn only so much, then it is the others' turn.
        """
        for _ in range(self._clients.allowance.commands_a_turn):
            if not waiting:
                break
            part = waiting.popleft()
            if isinstance(part, Unsubscribe):
                self._end_subscription(EndSubscription(part.channel, part.why))
                continue
            try:
                handling = self._begin(part)
            except Malformed:
                self._finish(codes.INVALID_REQUEST)
                return
            effect = self._advance(handling, None)
            if self._has_ended:
                return
            if effect is not None:
                self._flush_replies()
                if self._has_ended:
                    return
                self._backlog = waiting
                self._task = self._clients.spawn(self._wait(handling, effect))
                return
        self._flush_replies()
        if self._has_ended:
            return
        if waiting:
            self._backlog = waiting
            self._clients.loop.call_soon(self._go_on)
        else:
            self._sleep()

    def _go_on(self) -> None:
        waiting, self._backlog = self._backlog, None
        if waiting is None or self._has_ended:
            return
        self._work_off(waiting)
        if not self._has_ended:
            self._on_progress()

    def _on_progress(self) -> None:
        """Some of what waited has been answered."""

    def _begin(self, part: Any) -> Handling:
        """Start with a command of the client's, or with a control command."""
        now = self._clients.loop.time()
        if isinstance(part, Subscribe | Refresh):
            self._began = None
            return self.session.apply(part, now)
        self._clients.stats.commands += 1
        command = self._decode(part)
        trace.debug("%s: %s", self.session.client, type(command).__name__)
        self._began = (type(command).__name__, now)
        return self.session.handle(command, now)

    async def _wait(self, handling: Handling, effect: Effect | None) -> None:
        try:
            while effect is not None:
                answer = await self._node.answer_later(self, effect)
                if self.is_over:
                    return
                effect = self._advance(handling, answer)
        except Exception:  # a fault of ours must not leave a client waiting for ever
            log.exception("command failed")
            self._finish(codes.SERVER_ERROR)
            return
        self._task = None
        self._go_on()

    def _advance(self, handling: Handling, answer: object) -> Effect | None:
        """Go on with a command; the effect that has to be waited for, if any."""
        if self._has_ended:  # it was one too many, and may not enter anything any more
            return None
        try:
            while True:
                effect = handling.send(answer)
                answer = self._node.answer(self, effect)
                if answer is LATER:
                    return effect
        except StopIteration as end:
            self._conclude(end.value)
            return None

    def _conclude(self, outcome: Outcome) -> None:
        if isinstance(outcome, Close):
            self._finish(outcome)
        elif isinstance(outcome, Answer):
            self._replies.append(outcome.message)
            if self._began is not None and self._began[0] == "Connect" and not outcome.error:
                self._greet()
            self._count(outcome)
            if outcome.then is not None:
                self._finish(outcome.then)

    def _greet(self) -> None:
        """Whoever has just connected is told what everybody else was."""
        if self._clients.standstill:
            self._replies.append(self._clients.standstill)

    def _count(self, outcome: Answer) -> None:
        if self._began is None:
            return  # not the client's command
        (method, began), self._began = self._began, None
        stats = self._clients.stats
        stats.command_seconds[method].observe(self._clients.loop.time() - began)
        if outcome.error:
            stats.errors[method, outcome.error] += 1

    def _finish(self, why: Close) -> None:
        self._flush_replies()
        self.close(why.code, why.reason)

    def _flush_replies(self) -> None:
        if not self._replies:
            return
        replies, self._replies = self._replies, []
        try:
            self.send(self.encoding.messages(replies))
        except Unsayable as error:
            # Told that it failed, the client would not know what it is in.
            log.error("a reply cannot be told: %s", error)
            self.close(codes.SERVER_ERROR.code, codes.SERVER_ERROR.reason)

    def _end_subscription(self, end: EndSubscription) -> None:
        before = len(self.session.subscriptions)
        began, self._began = self._began, None  # a command may be waiting: this is not its end
        self._advance(self.session.end_subscription(end.channel, end.why), None)
        self._began = began
        if self._has_ended:
            return
        if len(self.session.subscriptions) < before:
            self._clients.stats.unsubscribes[end.why.code] += 1
        self._flush_replies()
