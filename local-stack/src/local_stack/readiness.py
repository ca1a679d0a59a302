"""Waiting for a server: until it answers 200, ends, or takes too long."""

import time
from abc import ABC, abstractmethod

import httpx

from local_stack.process import Process

TIMEOUT_SECONDS = 120.0
_INTERVAL_SECONDS = 0.03


def wait_until_answers(
    process: Process, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS
) -> None:
    """Returns when `url` answers 200. Raises Failed with the log's end otherwise."""
    deadline = time.monotonic() + timeout_seconds
    last = "no answer"
    with httpx.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline:
            # Asked before the request: a process that ended says more than a refused one.
            running = process.running
            try:
                answer = client.get(url)
            except httpx.HTTPError as error:
                last = error.__class__.__name__
            else:
                if answer.status_code == 200:
                    return
                last = f"{answer.status_code} {answer.text[:200]}"
            if not running:
                raise process.failure(f"ended with status {process.returncode} as it started")
            time.sleep(_INTERVAL_SECONDS)
    raise process.failure(f"was not ready after {timeout_seconds:.0f} s ({last})")


class Server(ABC):
    """A process that answers by HTTP once it can work."""

    process: Process

    @property
    @abstractmethod
    def ready_url(self) -> str:
        """What answers 200 once it can work."""

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def start(self) -> None:
        """Start it and wait until it can work."""
        self.process.start()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until it can work. Raises Failed with the log's end otherwise."""
        wait_until_answers(self.process, self.ready_url)

    def stop(self) -> None:
        """End it in order, and wait until it is gone."""
        self.process.stop()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
