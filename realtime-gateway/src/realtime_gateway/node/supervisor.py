"""What a node does by itself for as long as it runs.

No task may end. One that does has failed: that is logged and counted, `failing` names it until
it has gone well for `STEADY` seconds again, and it is started anew after a pause that grows
while it keeps failing.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any, Final

from service_kit.tasks import background

PAUSES: Final = (0.1, 0.5, 1.0, 2.0, 5.0)
STEADY: Final = 5.0

Work = Callable[[], Coroutine[Any, Any, None]]

log = logging.getLogger("gateway.supervisor")


class Supervisor:
    """Keeps a node's own tasks going, and starts one that fails again."""

    def __init__(self, failures: Counter[str]) -> None:
        self._failures = failures
        self._failing: set[str] = set()

    @property
    def failing(self) -> list[str]:
        """The names of the tasks that have failed of late, sorted."""
        return sorted(self._failing)

    @contextlib.asynccontextmanager
    async def running(self, works: Mapping[str, Work]) -> AsyncIterator[None]:
        """Keep these going for the length of the block."""
        async with contextlib.AsyncExitStack() as stack:
            for name, work in works.items():
                await stack.enter_async_context(background(self._keep(name, work), name=name))
            yield

    async def _keep(self, name: str, work: Work) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            started = loop.time()
            recovery = loop.call_later(STEADY, self._failing.discard, name)
            try:
                await work()
                log.error("task %s has ended", name)
            except asyncio.CancelledError:
                if is_being_cancelled():
                    raise
                log.exception("task %s waited for what somebody cancelled", name)
            except Exception:
                log.exception("task %s has failed", name)
            finally:
                recovery.cancel()
            self._failing.add(name)
            self._failures[name] += 1
            failures = 0 if loop.time() - started >= STEADY else failures
            await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
            failures += 1


def is_being_cancelled() -> bool:
    """Whether the cancellation is meant for this task, and not for what it waited for."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
