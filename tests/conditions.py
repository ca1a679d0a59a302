"""Waiting for what a running system does on its own: by conditions, never by guesses."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PROMISED_SECONDS = 5.0
"""After a fault has healed every open page shows the database's state within this time."""
PATIENCE_SECONDS = 30.0
"""What is no promise about time may take this long on a busy machine."""


def eventually(probe: Callable[[], T | None], *, within: float = PATIENCE_SECONDS) -> T:
    """What `probe` returns as soon as it is truthy. An AssertionError in it means: not yet."""
    deadline = time.monotonic() + within
    while True:
        refusal: AssertionError | None = None
        found: T | None = None
        try:
            found = probe()
        except AssertionError as error:
            refusal = error
        if found:
            return found
        if time.monotonic() > deadline:
            raise refusal or AssertionError(f"still {found!r} after {within:g} s")
        time.sleep(0.02)
