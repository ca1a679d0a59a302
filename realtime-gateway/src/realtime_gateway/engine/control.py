"""What nodes tell each other.

Control commands for a user's connections, how each node is doing, and what one wants to know of
all.

At most once, by pub/sub: a command that is lost while Redis is away is not repeated; tokens are
short-lived for that case. A node that has not been heard of for `NODE_LIFE` counts as gone.
"""

import asyncio
import contextlib
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from redis.exceptions import RedisError

from realtime_gateway.protocol import wire
from realtime_gateway.sessions import control_commands
from realtime_gateway.sessions.control_commands import ControlCommand

HEARTBEAT: Final = 3.0
NODE_LIFE: Final = 2 * HEARTBEAT + 1
SURVEY_SECONDS: Final = 1.0

log = logging.getLogger("gateway.control")

NodeInfo = dict[str, Any]


class ControlTarget(Protocol):
    """What is done here of what nodes tell each other."""

    def apply(self, command: ControlCommand) -> None:
        """Apply a control command to the connections that it concerns."""

    def forget_history(self, channel: str) -> None:
        """A channel's history has been removed: what is remembered of it goes, too."""

    def count_channels(self, pattern: str) -> dict[str, int]:
        """The clients of this node in each of its channels."""


@dataclass(slots=True)
class _Survey:
    missing: set[str]
    done: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[dict[str, int]] = field(default_factory=list)

    def take(self, sender: str, answer: dict[str, int]) -> None:
        if sender in self.missing:
            self.missing.discard(sender)
            self.answers.append(answer)
            if not self.missing:
                self.done.set()


class Control:
    """The node's part in what nodes tell each other, by one pub/sub channel."""

    def __init__(
        self,
        *,
        publish: Callable[[bytes], Awaitable[object]],
        node: Callable[[], ControlTarget],
        describe: Callable[[], NodeInfo],
        drain_peer: Callable[[str], object],
        heard: Callable[[], object] = lambda: None,
    ) -> None:
        """`heard` is called whenever a heartbeat of this node has come back to it."""
        self.uid = secrets.token_hex(16)
        self._publish = publish
        self._node = node
        self._describe = describe
        self._drain_peer = drain_peer
        self._heard = heard
        self._others: dict[str, tuple[float, NodeInfo]] = {}
        self._surveys: dict[str, _Survey] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def broadcast(self, command: ControlCommand) -> None:
        """Apply it here at once, and on every other node that hears it.

        Errors of redis-py pass through: then only this node has applied it.
        """
        self._node().apply(command)
        await self._publish(self._message(control_commands.as_json(command)))

    def broadcast_soon(self, command: ControlCommand) -> None:
        """Apply it here at once, and on the other nodes if Redis is there."""
        self._node().apply(command)
        self._answer(control_commands.as_json(command))

    def drain_peer(self, peer: str) -> None:
        """Have every other node that hears it send away who came through a proxy."""
        self._answer({"closing": peer})

    async def forget_history(self, channel: str) -> None:
        """Have every node forget what it remembers of a channel's history."""
        self._node().forget_history(channel)
        await self._publish(self._message({"removed": channel}))

    async def count_channels(self, pattern: str) -> dict[str, int]:
        """The clients of all nodes in each channel, as far as they answer in time."""
        survey = _Survey({node["uid"] for node in self.nodes()[1:]})
        total = dict(self._node().count_channels(pattern))
        if survey.missing:
            name = secrets.token_hex(8)
            self._surveys[name] = survey
            try:
                await self._publish(self._message({"survey": name, "pattern": pattern}))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SURVEY_SECONDS):
                        await survey.done.wait()
            finally:
                del self._surveys[name]
        for answer in survey.answers:
            for channel, clients in answer.items():
                total[channel] = total.get(channel, 0) + clients
        return total

    def receive(self, payload: bytes) -> None:
        """Take what a node has said."""
        try:
            message = json.loads(payload)
            sender = message.pop("from")
            if sender != self.uid:
                self._take(sender, message)
            elif "node" in message:
                self._heard()
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            log.warning("a control message was not understood: %s", type(error).__name__)

    def nodes(self) -> list[NodeInfo]:
        """The running nodes: this one, and every other that was heard of lately."""
        now = time.monotonic()
        self._others = {uid: each for uid, each in self._others.items() if each[0] > now}
        others = [{"uid": uid, **info} for uid, (_, info) in sorted(self._others.items())]
        return [{"uid": self.uid, **self._describe()}, *others]

    async def run(self) -> None:
        """Tell of this node until cancelled."""
        while True:
            # One that waits for a Redis that hangs must not be the last one.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT):
                    await self._tell({"node": self._describe()})
            await asyncio.sleep(HEARTBEAT)

    async def leave(self) -> None:
        """Tell that this node is going."""
        await self._tell({"gone": True})

    def _take(self, sender: str, message: dict[str, Any]) -> None:
        if "order" in message:
            self._node().apply(control_commands.from_json(message))
        elif "node" in message:
            if sender not in self._others:
                self._answer({"node": self._describe()})  # it does not know of this one yet
            self._others[sender] = (time.monotonic() + NODE_LIFE, dict(message["node"]))
        elif "gone" in message:
            self._others.pop(sender, None)
        elif "closing" in message:
            self._drain_peer(str(message["closing"]))
        elif "removed" in message:
            self._node().forget_history(message["removed"])
        elif "survey" in message:
            counts = self._node().count_channels(str(message["pattern"]))
            self._answer({"counted": message["survey"], "channels": counts})
        elif survey := self._surveys.get(message["counted"]):
            survey.take(sender, {str(k): int(v) for k, v in message["channels"].items()})

    def _answer(self, message: dict[str, Any]) -> None:
        task = asyncio.create_task(self._tell(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, message: dict[str, Any]) -> None:
        try:
            await self._publish(self._message(message))
        except (RedisError, OSError, TimeoutError) as error:
            log.debug("other nodes not told: %s", type(error).__name__)

    def _message(self, body: dict[str, Any]) -> bytes:
        return wire.dumps({"from": self.uid, **body})
