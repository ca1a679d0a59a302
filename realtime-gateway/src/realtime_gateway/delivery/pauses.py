"""For how long the event loop could look at nothing else.

What stops everybody is timed by itself: a collection of garbage, a delivery to all members, a
turn of the wheel. Whatever else takes long shows as a tick that came late, as far as one was
due. Standard library only.
"""

import contextlib
import gc
import time
from collections.abc import Iterator
from typing import Any, Final

from realtime_gateway.delivery.histogram import Histogram

SECONDS: Final = (
    0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.015, 0.02, 0.03, 0.05,
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
)  # fmt: skip
PERIOD: Final = 10.0


class Pauses:
    """How long the event loop stood still: the longest of late, and all in a histogram."""

    def __init__(self, now: float = 0.0) -> None:
        self.seconds = Histogram(SECONDS)
        self._since = now
        self._now = self._before = 0.0

    @property
    def longest(self) -> float:
        """Of the last 10 to 20 seconds, so that whoever looks every ten misses none."""
        return max(self._now, self._before)

    def observe(self, seconds: float) -> None:
        """Count a pause."""
        self.seconds.observe(seconds)
        if seconds > self._now:
            self._now = seconds

    def turn(self, now: float) -> None:
        """Forget, as time goes by."""
        if now - self._since >= PERIOD:
            self._since, self._before, self._now = now, self._now, 0.0

    @contextlib.contextmanager
    def of_collections(self) -> Iterator[None]:
        """Observe the garbage collector while this lasts."""
        started = 0.0

        def told(phase: str, _: dict[str, Any]) -> None:
            nonlocal started
            if phase == "start":
                started = time.perf_counter()
            else:
                self.observe(time.perf_counter() - started)

        gc.callbacks.append(told)
        try:
            yield
        finally:
            gc.callbacks.remove(told)
