"""What the terminal shows while a benchmark runs: one line that renews itself.

Where the output is not a terminal, a line is printed when something new begins, and no more.
"""

from typing import TextIO

from gateway_bench.figures import Moment
from gateway_bench.report import number


class Progress:
    """One line on the terminal that says what is going on."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._shown = ""

    def __call__(self, what: str, moment: Moment) -> None:
        """Show a moment of what is going on."""
        if self._live:
            self._renew(f"{what:<18} {line_of(moment)}")
        elif what != self._shown:
            self._out.write(f"{what} ...\n")
            self._out.flush()
        self._shown = what

    def clear(self) -> None:
        """Before anything else is printed."""
        if self._live:
            self._renew("")

    def _renew(self, line: str) -> None:
        self._out.write(f"\r\x1b[2K{line}")
        self._out.flush()


def line_of(moment: Moment) -> str:
    """A moment of a run in words."""
    return (
        f"{moment.at:6.1f} s  {moment.connections:>7,} clients  "
        f"{number(moment.per_second):>10} deliveries/s  "
        f"p50 {number(moment.p50):>6}  p99 {number(moment.p99):>6} ms"
    )
