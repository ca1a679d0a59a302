"""Keeps a started stack running until somebody says stop.

A part that ends by itself is started again after a second. One that ends too often takes the
stack down with its last words, instead of flickering for ever.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable

from local_stack.errors import Failed, StackError
from local_stack.stack import Part, Stack

_LOOK_SECONDS = 0.5
_RESTARTS = 5
_WITHIN_SECONDS = 60.0


def watch(stack: Stack, stop: threading.Event, say: Callable[[str], None]) -> None:
    """Returns when `stop` is set. Raises Failed when a part cannot be kept running."""
    ends: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_RESTARTS))
    while not stop.wait(_LOOK_SECONDS):
        for name, part in stack.parts.items():
            if not part.process.running:
                _revive(name, part, ends[name], stop, say)


def _revive(
    name: str,
    part: Part,
    ends: deque[float],
    stop: threading.Event,
    say: Callable[[str], None],
) -> None:
    now = time.monotonic()
    ends.append(now)
    if len(ends) == _RESTARTS and now - ends[0] < _WITHIN_SECONDS:
        raise Failed(name, f"ended {_RESTARTS} times in a minute", part.process.log.tail())
    say(f"{name} ended with status {part.process.returncode}; starting it again")
    if stop.wait(1):
        return
    try:
        part.start()
    except StackError as error:
        say(f"{name} did not come back: {error}")
