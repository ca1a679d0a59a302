"""What changed from one version of a note to another, line by line and word by word. Pure.

Promise: always an answer, the same one on every machine, in a number of steps and rows that has
a bound. Every changed line is in it; long runs of lines that stayed are folded. Where a changed
place costs more than is left, or holds more words than a page can mark, it stands as a whole.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, Literal, NamedTuple

from notes_web.text.alignment import Alignment, Pair
from notes_web.text.diff import MAX_ROWS, stretches

WORD_STEPS: Final = 24_000_000
"""For all places of one comparison: a quarter of what its lines may cost."""
_READING: Final = 300
"""What it costs to split one letter off from its neighbours, in steps."""
MAX_PIECES: Final = 20_000
"""Of marked and unmarked words, over all lines."""
_AROUND: Final = 3
_WORTH_MARKING: Final = 0.3
"""Of a place's letters: where fewer stayed, marks would be noise."""

# Chinese and Japanese are written without spaces: there each sign is a word of its own, with
# what modifies it. A combining mark belongs to the letters before it.
_SIGN: Final = r"\u3040-\u3098\u309b-\u30ff\u3400-\u9fff\uf900-\ufaff"
_MARK: Final = r"[\u0300-\u036f\u3099\u309a\u200d\ufe00-\ufe0f]*"
_PUNCTUATION: Final = r"!-/:-@\[-`{-~"
_WORD: Final = re.compile(
    rf"\s+|[{_PUNCTUATION}]{_MARK}|[{_SIGN}]{_MARK}|[^\s{_PUNCTUATION}{_SIGN}]+"
)

Kind = Literal["same", "removed", "added", "folded"]


class Piece(NamedTuple):
    """A run of a line's text; `is_changed` if only one of the versions has it there."""

    text: str
    is_changed: bool


class Row(NamedTuple):
    """One line of a comparison, or several that share a row; `hidden` lines are folded."""

    kind: Kind
    pieces: tuple[Piece, ...] = ()
    hidden: int = 0


class _Part(NamedTuple):
    """Neighbouring lines of one kind; `marked` are their pieces, where words are marked."""

    kind: Kind
    lines: list[str]
    marked: list[tuple[Piece, ...]] | None = None
    hidden: int = 0

    @property
    def size(self) -> int:
        return 1 if self.hidden else len(self.lines)


def between(old: str, new: str) -> list[Row]:
    """Returns the rows that lead from the one text to the other, in order."""
    old_lines, new_lines = old.split("\n"), new.split("\n")
    words = _Words()
    parts: list[_Part] = []
    places = list(stretches(old_lines, new_lines))
    for at, place in enumerate(places):
        before = old_lines[place.start : place.end]
        if place.is_same:
            parts += _folded(before, is_first=at == 0, is_last=at == len(places) - 1)
        else:
            parts += words.of(before, new_lines[place.new_start : place.new_end])
    return _rows(parts)


def of_line(old: str, new: str) -> list[Row]:
    """The same for one line, a title: one row if it stayed, else two."""
    return _rows([_Part("same", [new])] if old == new else _Words().of([old], [new]))


class _Words:
    """Marks the changed words of one place after the other, as far as the budget goes."""

    def __init__(self) -> None:
        self._steps, self._pieces = WORD_STEPS, MAX_PIECES

    def of(self, old: list[str], new: list[str]) -> list[_Part]:
        is_possible = bool(old and new) and self._take(_READING * _letters(old + new))
        removed, added = (self._marked(old, new) if is_possible else None) or (None, None)
        parts = [_Part("removed", old, removed), _Part("added", new, added)]
        return [part for part in parts if part.lines]

    def _take(self, steps: int) -> bool:
        if steps > self._steps:
            return False
        self._steps -= steps
        return True

    def _marked(
        self, old: list[str], new: list[str]
    ) -> tuple[list[tuple[Piece, ...]], list[tuple[Piece, ...]]] | None:
        before, after = _words("\n".join(old)), _words("\n".join(new))
        alignment = Alignment(before, after, steps=self._steps)
        pairs = alignment.pairs()
        self._steps = alignment.steps_left
        kept = sum(len(word) for pair in pairs for word in before[pair.a : pair.a + pair.lines])
        if kept < _WORTH_MARKING * max(_letters(old), _letters(new)):
            return None
        removed = _lines(before, _stays(pairs, len(before), old=True))
        added = _lines(after, _stays(pairs, len(after), old=False))
        self._pieces -= sum(map(len, removed)) + sum(map(len, added))
        return (removed, added) if self._pieces >= 0 else None


def _letters(lines: list[str]) -> int:
    return len(lines) + sum(map(len, lines))


def _words(text: str) -> list[str]:
    # A line end is a word of its own: what follows it is another line.
    return [word for part in re.split("(\n)", text) for word in _parts(part)]


def _parts(part: str) -> list[str]:
    return [part] if part == "\n" else _WORD.findall(part)


def _stays(pairs: Sequence[Pair], size: int, *, old: bool) -> list[bool]:
    stays = [False] * size
    for pair in pairs:
        start = pair.a if old else pair.b
        stays[start : start + pair.lines] = [True] * pair.lines
    return stays


def _lines(words: list[str], stays: list[bool]) -> list[tuple[Piece, ...]]:
    lines: list[list[tuple[str, bool]]] = [[]]
    for word, stayed in zip(words, stays, strict=True):
        if word == "\n":
            lines.append([])
        else:
            lines[-1].append((word, not stayed))
    return [tuple(_joined(line)) for line in lines]


def _joined(words: list[tuple[str, bool]]) -> Iterator[Piece]:
    """Neighbours of one kind; a space between two changed words changed with them."""
    marks = [changed for _, changed in words]
    for at in range(1, len(words) - 1):
        if words[at][0].isspace() and marks[at - 1] and words[at + 1][1]:
            marks[at] = True
    marked = zip((word for word, _ in words), marks, strict=True)
    for changed, run in groupby(marked, key=lambda each: each[1]):
        yield Piece("".join(word for word, _ in run), changed)


def _folded(lines: list[str], *, is_first: bool, is_last: bool) -> list[_Part]:
    head = 0 if is_first else _AROUND
    end = len(lines) - (0 if is_last else _AROUND)
    if end - head < 2:
        return [_Part("same", lines)]
    parts = [
        _Part("same", lines[:head]),
        _Part("folded", [], hidden=end - head),
        _Part("same", lines[end:]),
    ]
    return [part for part in parts if part.size]


def _rows(parts: list[_Part]) -> list[Row]:
    """A row a line; a row a part where that would be too many; at last the rest in two."""
    if sum(part.size for part in parts) <= MAX_ROWS:
        return [row for part in parts for row in _lines_of(part)]
    if len(parts) > MAX_ROWS:
        rest = parts[MAX_ROWS - 2 :]
        parts = parts[: MAX_ROWS - 2]
        parts += [_Part(kind, _all(rest, kind)) for kind in ("removed", "added")]
    return [_whole(part.kind, "\n".join(part.lines), part.hidden) for part in parts]


def _lines_of(part: _Part) -> list[Row]:
    if part.hidden:
        return [Row(part.kind, hidden=part.hidden)]
    if part.marked is not None:
        return [Row(part.kind, pieces) for pieces in part.marked]
    return [_whole(part.kind, line) for line in part.lines]


def _all(parts: Sequence[_Part], kind: Kind) -> list[str]:
    return [line for part in parts if part.kind == kind for line in part.lines]


def _whole(kind: Kind, text: str, hidden: int = 0) -> Row:
    return Row(kind, (Piece(text, is_changed=False),), hidden)
