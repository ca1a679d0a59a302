"""Two changes of one text, made apart, put together line by line. Pure.

`merge` answers only where the two left each other alone: changes that overlap, or touch, are
for people to decide. Every line of either change is in the result, marked with whose it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from web.differences import MAX_LINES

Side = Literal["theirs", "mine"]


class Text(NamedTuple):
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class MergedLine:
    """Who put it in or took it out: None where it stood before and still does."""

    text: str
    by: Side | None = None
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    title: str
    lines: tuple[MergedLine, ...]

    @property
    def body(self) -> str:
        return "\n".join(line.text for line in self.lines if not line.is_removed)


class _Change(NamedTuple):
    start: int
    end: int
    lines: list[str]
    by: Side


def merge(base: Text, theirs: Text, mine: Text) -> Merged | None:
    """None: the two do not go together by themselves."""
    title = _title(base.title, theirs.title, mine.title)
    lines = _lines(*(each.body.split("\n") for each in (base, theirs, mine)))
    return Merged(title, tuple(lines)) if title is not None and lines is not None else None


def _title(base: str, theirs: str, mine: str) -> str | None:
    if theirs in (base, mine):
        return mine
    return theirs if mine == base else None


def _lines(base: list[str], theirs: list[str], mine: list[str]) -> list[MergedLine] | None:
    if max(len(base), len(theirs), len(mine)) > MAX_LINES:
        return None
    changes = sorted([*_changes(base, theirs, "theirs"), *_changes(base, mine, "mine")])
    merged: list[MergedLine] = []
    at, last = 0, None
    for change in changes:
        if last is not None and change.start <= last.end:
            if change[:3] == last[:3]:
                continue  # both did the same
            return None
        merged += map(MergedLine, base[at : change.start])
        removed = base[change.start : change.end]
        merged += (MergedLine(text, change.by, is_removed=True) for text in removed)
        merged += (MergedLine(text, change.by) for text in change.lines)
        at, last = change.end, change
    return [*merged, *map(MergedLine, base[at:])]


def _changes(base: list[str], changed: list[str], by: Side) -> Iterator[_Change]:
    matcher = SequenceMatcher(a=base, b=changed, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            yield _Change(start, end, changed[new_start:new_end], by)
