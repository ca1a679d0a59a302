"""Two texts of one note, compared by line. Pure.

Nothing of either text is ever missing: `compare` shows every line of both, in a page of
bounded size, and `unite` makes one text that holds them all.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, NamedTuple, Protocol, TypeVar

from notes_web.text.alignment import Alignment

MAX_ROWS: Final = 5000
"""A row of a page costs a hundred times its text; more lines than this share rows."""


class Line(NamedTuple):
    """One line, and which of the two texts has it."""

    kind: Literal["same", "theirs", "mine"]
    text: str


class Part(NamedTuple):
    """Neighbouring lines of one kind."""

    kind: Literal["same", "theirs", "mine"]
    lines: list[str]


class _HasLines(Protocol):
    @property
    def lines(self) -> list[str]: ...


_P = TypeVar("_P", bound=_HasLines)
_R = TypeVar("_R")


class Stretch(NamedTuple):
    """Lines that stand in both texts, or what one of them has in a place of the other."""

    is_same: bool
    start: int
    end: int
    new_start: int
    new_end: int


def stretches(old: list[str], new: list[str]) -> Iterator[Stretch]:
    """Yields what is the same and what differs, in order and without a gap."""
    at = new_at = 0
    for a, b, count in [*Alignment(old, new).pairs(), (len(old), len(new), 0)]:
        if at < a or new_at < b:
            yield Stretch(False, at, a, new_at, b)
        if count:
            yield Stretch(True, a, a + count, b, b + count)
        at, new_at = a + count, b + count


def compare(theirs: str, mine: str) -> list[Line]:
    """What a page shows. Where there are too many parts, what is left stands text by text."""
    parts = _parts(theirs, mine)
    if len(parts) > MAX_ROWS:
        head, rest = parts[: MAX_ROWS - 2], parts[MAX_ROWS - 2 :]
        left = [line for part in rest if part.kind != "mine" for line in part.lines]
        right = [line for part in rest if part.kind != "theirs" for line in part.lines]
        parts = [*head, Part("theirs", left), Part("mine", right)]
    return rows(parts, lambda part, text: Line(part.kind, text))


def unite(theirs: str, mine: str) -> str:
    """Both texts in one, common lines once, theirs before mine where they differ."""
    return "\n".join(line for part in _parts(theirs, mine) for line in part.lines)


def rows(parts: Sequence[_P], row: Callable[[_P, str], _R]) -> list[_R]:
    """A row a line, or a row a part if that would be more than MAX_ROWS."""
    if sum(len(part.lines) for part in parts) > MAX_ROWS:
        return [row(part, "\n".join(part.lines)) for part in parts]
    return [row(part, line) for part in parts for line in part.lines]


def _parts(theirs: str, mine: str) -> list[Part]:
    old, new = theirs.split("\n"), mine.split("\n")
    parts: list[Part] = []
    for each in stretches(old, new):
        if each.is_same:
            parts.append(Part("same", old[each.start : each.end]))
            continue
        if each.start < each.end:
            parts.append(Part("theirs", old[each.start : each.end]))
        if each.new_start < each.new_end:
            parts.append(Part("mine", new[each.new_start : each.new_end]))
    return parts
