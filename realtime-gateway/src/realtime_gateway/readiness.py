"""Whether this node should be sent clients, and if not, why."""

from collections.abc import Awaitable, Callable

from realtime_gateway.engine.bus import Carrier
from realtime_gateway.ledger import Ledger
from realtime_gateway.node.clients import Clients
from realtime_gateway.node.duties import Duties


class Readiness:
    def __init__(
        self,
        *,
        redis_answers: Callable[[], Awaitable[bool]],
        bus: Carrier,
        clients: Clients,
        duties: Duties,
        ledger: Ledger | None,
    ) -> None:
        self._redis_answers = redis_answers
        self._bus = bus
        self._clients = clients
        self._duties = duties
        self._ledger = ledger

    async def checks(self) -> dict[str, bool]:
        """Of this node alone; a duty that fails is named."""
        return {
            "redis": await self._redis_answers(),
            "pubsub": self._bus.is_connected,
            "accepting": not self._clients.is_draining,
            **{f"duty_{name}": False for name in self._duties.failing},
        }

    async def of_the_port(self) -> dict[str, bool]:
        """A worker is ready if any of its siblings is, unless all are draining."""
        found = await self.checks()
        if self._ledger is None or all(found.values()) or not found["accepting"]:
            return found
        return {"another_worker": True} if self._ledger.another_is_ready() else found
