"""Memory as a container's limit counts it: a control group of its own for one program.

Beside the program's own pages the kernel charges its sockets and buffers to it. Needs the right
to make a group (root); without it nothing is charged and nothing is known.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_SHELL = 'echo $$ >"$0" && exec "$@"'


class Cage:
    """What is started by `command` lives in it, and must have ended before `remove`."""

    def __init__(self, name: str) -> None:
        old = (_ROOT / "memory").is_dir()  # cgroup v1: one tree for each controller
        self._folder = (_ROOT / "memory" if old else _ROOT) / f"{name}-{os.getpid()}"
        self._figure = self._folder / ("memory.usage_in_bytes" if old else "memory.current")
        self._open = False

    def make(self) -> None:
        """Make the control group; without the right to, nothing is charged to it."""
        with suppress(OSError):
            self._folder.mkdir()
            self._open = self._figure.exists()

    def remove(self) -> None:
        """Remove the control group, once it is empty."""
        with suppress(OSError):
            self._folder.rmdir()

    def command(self, words: Sequence[str]) -> list[str]:
        """The same program, inside."""
        if not self._open:
            return list(words)
        return ["sh", "-c", _SHELL, str(self._folder / "cgroup.procs"), *words]

    @property
    def charged_kib(self) -> float | None:
        """What the kernel charges to the group, in KiB, sockets and buffers included.

        None if unknown.
        """
        if not self._open:
            return None
        with suppress(OSError):
            return int(self._figure.read_text()) / 1024
        return None
