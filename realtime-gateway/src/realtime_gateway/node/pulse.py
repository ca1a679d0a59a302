"""Whether the way through Redis moves, and that clients are told (contracts/README.md).

A node hears its own heartbeats as it hears every publication: through Redis. When it has heard
none for as long as other nodes would take it for gone, its clients are told that the path
stands still, newcomers with the answer to their connect, and when it hears one again, that it
moves. Nothing is told while all is well.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from realtime_gateway.engine import control
from realtime_gateway.node.clients import Client, Clients
from realtime_gateway.protocol import wire

LOOK_SECONDS: Final = 0.5
SLICE: Final = 256
"""Clients that are told in one turn of the event loop."""

STANDS_STILL: Final = wire.message_push({"pulse": 0})
MOVES: Final = wire.message_push({"pulse": None})

log = logging.getLogger("gateway.pulse")


class Pulse:
    """Tells clients when the way through Redis stands still, and when it moves again."""

    def __init__(self, clients: Clients, clock: Callable[[], float]) -> None:
        self._clients = clients
        self._clock = clock
        self._heard_at = clock()

    def heard(self) -> None:
        """A heartbeat of this node has come back."""
        self._heard_at = self._clock()

    @property
    def is_overdue(self) -> bool:
        """Whether this node has not heard its own heartbeat for too long."""
        return self._clock() - self._heard_at >= control.NODE_LIFE

    async def run(self) -> None:
        """Tell of every change until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.is_overdue and not self._clients.standstill:
                log.warning("Redis brings our own heartbeats no more: clients are told")
                self._clients.standstill = STANDS_STILL
                await self._tell(STANDS_STILL)
            elif self._clients.standstill and not self.is_overdue:
                log.warning("Redis brings our own heartbeats again")
                self._clients.standstill = b""
                await self._tell(MOVES)

    async def _tell(self, push: bytes) -> None:
        connected = list(self._clients.connected)
        for start in range(0, len(connected), SLICE):
            for client in connected[start : start + SLICE]:
                _tell(client, push)
            await asyncio.sleep(0)


def _tell(client: Client, push: bytes) -> None:
    try:
        client.tell(push)
    except Exception as error:  # noqa: BLE001 - the others have to be told, too
        client.fail(error)
