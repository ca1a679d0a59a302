"""Whether this node should be sent clients, and if not, why."""

from collections.abc import Awaitable, Callable

from realtime_gateway.engine.bus import PubSub
from realtime_gateway.node.clients import Clients
from realtime_gateway.node.supervisor import Supervisor
from realtime_gateway.worker_metrics import WorkerMetrics


class Readiness:
    """What `/ready` of a node or of a worker answers."""

    def __init__(
        self,
        *,
        redis_answers: Callable[[], Awaitable[bool]],
        bus: PubSub,
        clients: Clients,
        supervisor: Supervisor,
        worker_metrics: WorkerMetrics | None,
    ) -> None:
        self._redis_answers = redis_answers
        self._bus = bus
        self._clients = clients
        self._supervisor = supervisor
        self._worker_metrics = worker_metrics

    async def checks(self) -> dict[str, bool]:
        """Of this node alone; a task that fails is named."""
        return {
            "redis": await self._redis_answers(),
            "pubsub": self._bus.is_connected,
            "accepting": not self._clients.is_draining,
            **{f"task_{name}": False for name in self._supervisor.failing},
        }

    async def of_the_port(self) -> dict[str, bool]:
        """A worker is ready if any of its siblings is, unless all are draining."""
        found = await self.checks()
        if self._worker_metrics is None or all(found.values()) or not found["accepting"]:
            return found
        return {"another_worker": True} if self._worker_metrics.another_is_ready() else found
