"""What a person sees of the running stack: every part's lines, with its name, in colour.

A terminal that is not read (Ctrl-S, a stopped pager) never stops a service: lines wait in a
bounded queue, and what does not fit is counted and left out. The files in `logs/` have it all.
"""

import os
import queue
import re
import sys
import threading
from contextlib import suppress
from typing import TextIO

_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92)
_WIDTH = 18
# Everyday chatter is for the files; here it would bury what matters.
_EVERYDAY = re.compile(
    r" LOG: |Memory overcommit|scheduling shutdown|ready to exit|system is starting up"
    r"|INFO +(uvicorn\.error|alembic)"
)


class Terminal:
    """What is printed for people, bold and wide as the terminal allows."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._is_coloured = out.isatty() and "NO_COLOR" not in os.environ
        self._lines: queue.Queue[str | None] = queue.Queue(maxsize=5000)
        self._left_out = 0
        self._colour_of: dict[str, int] = {}
        self._writer = threading.Thread(target=self._write, name="terminal", daemon=True)
        self._writer.start()

    def part(self, name: str, line: str) -> None:
        """A line of a part's log. Safe from any thread; never waits."""
        if _EVERYDAY.search(line):
            return
        self._put(f"{self._painted(name)} {line}")

    def say(self, text: str) -> None:
        """A line of our own."""
        self._put(text)

    def bold(self, text: str) -> str:
        """The text in bold, where there are colours."""
        return f"\x1b[1m{text}\x1b[0m" if self._is_coloured else text

    def close(self) -> None:
        """Write what waits, for two seconds at most."""
        try:
            self._lines.put(None, timeout=1)
        except queue.Full:
            return
        self._writer.join(timeout=2)

    def _put(self, text: str) -> None:
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            self._left_out += 1

    def _painted(self, name: str) -> str:
        label = f"{name:<{_WIDTH}}│"
        if not self._is_coloured:
            return label
        colour = self._colour_of.setdefault(
            name, _COLOURS[len(self._colour_of) % len(_COLOURS)]
        )
        return f"\x1b[{colour}m{label}\x1b[0m"

    def _write(self) -> None:
        while (text := self._lines.get()) is not None:
            left_out, self._left_out = self._left_out, 0
            if left_out:
                text = f"({left_out} lines left out here; the files have them)\n{text}"
            # Nobody may be reading any more: the pipe or the terminal is gone.
            with suppress(OSError, ValueError):
                print(text, file=self._out, flush=True)
