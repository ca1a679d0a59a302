"""Errors that no service expected, as their logs tell them, with their tracebacks."""

from collections import Counter

_TRACEBACK_LINES = 40


class UnhandledErrors:
    """Watches the logs of a stack."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._following: Counter[str] = Counter()

    def __call__(self, part: str, line: str) -> None:
        if "unhandled error" in line:
            self._following[part] = _TRACEBACK_LINES
        if self._following[part] > 0:
            self._following[part] -= 1
            self._found.append(f"{part}: {line}")

    def take(self) -> list[str]:
        found, self._found = self._found, []
        return found
