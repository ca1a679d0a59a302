"""The log of one part: kept in a bounded file, and handed line by line to whoever watches.

At the bound the file is moved to `<name>.log.1` and a new one begins, so two files of
`limit` bytes are the most a part can fill.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

Watcher = Callable[[str, str], None]  # (part, line)


class Log:
    """The output of one program, in a file."""

    def __init__(
        self, part: str, path: Path, *, limit: int = 5 * 2**20, watcher: Watcher | None = None
    ) -> None:
        self.path = path
        self._part = part
        self._limit = limit
        self._watcher = watcher
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None

    def write(self, line: bytes) -> None:
        """Add a line."""
        # A full disk must not stop the part that tells about it.
        with self._lock, suppress(OSError):
            file = self._open()
            file.write(line)
            file.flush()
        if self._watcher is not None:
            self._watcher(self._part, line.decode("utf-8", "replace").rstrip("\n"))

    def text(self) -> str:
        """All that is kept, oldest line first."""
        parts = [path.read_bytes() for path in (self._older, self.path) if path.exists()]
        return b"".join(parts).decode("utf-8", "replace")

    def tail(self, lines: int = 15) -> str:
        """The last lines."""
        return "\n".join(self.text().splitlines()[-lines:])

    def close(self) -> None:
        """The next line opens the file again."""
        with self._lock:
            if self._file is not None:
                self._file.close()
            self._file = None

    def _open(self) -> BinaryIO:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab")
        elif self._file.tell() > self._limit:
            self._file.close()
            self.path.replace(self._older)
            self._file = self.path.open("ab")
        return self._file

    @property
    def _older(self) -> Path:
        return self.path.with_name(self.path.name + ".1")
