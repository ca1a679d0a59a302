"""Two changes of one text, made apart, put together line by line. Pure.

`merge` answers only where the two left each other alone: changes that overlap, or touch, are
for people to decide. Every line of either change is in the result, marked with whose it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from notes_web.text.diff import MAX_ROWS, rows, stretches

Side = Literal["theirs", "mine"]


class Text(NamedTuple):
    """The title and body of a note."""

    title: str
    body: str


class MergedPart(NamedTuple):
    """Lines, and who put them in or took them out.

    `by` is None where they stood and still do; "both" for a whole text that is
    too scattered to be shown change by change.
    """

    lines: list[str]
    by: Side | Literal["both"] | None = None
    is_removed: bool = False


class MergedLine(NamedTuple):
    """One line of a merged text, as it is shown."""

    text: str
    by: Side | Literal["both"] | None
    is_removed: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """Both changes in one text."""

    title: str
    parts: tuple[MergedPart, ...]

    @property
    def body(self) -> str:
        """The merged body."""
        return "\n".join(self._kept())

    @property
    def lines(self) -> list[MergedLine]:
        """What a page shows: at most MAX_ROWS, and every line in one of them."""
        parts = [part for part in self.parts if part.lines]
        if len(parts) > MAX_ROWS:
            parts = [MergedPart(self._kept(), "both")]
        return rows(parts, lambda part, text: MergedLine(text, part.by, part.is_removed))

    def _kept(self) -> list[str]:
        return [line for part in self.parts if not part.is_removed for line in part.lines]


class _Change(NamedTuple):
    start: int
    end: int
    lines: list[str]
    by: Side


def merge(base: Text, theirs: Text, mine: Text) -> Merged | None:
    """None: the two do not go together by themselves."""
    title = _title(base.title, theirs.title, mine.title)
    if title is None:
        return None
    parts = _parts(*(each.body.split("\n") for each in (base, theirs, mine)))
    return Merged(title, tuple(parts)) if parts is not None else None


def _title(base: str, theirs: str, mine: str) -> str | None:
    if theirs in (base, mine):
        return mine
    return theirs if mine == base else None


def _parts(base: list[str], theirs: list[str], mine: list[str]) -> list[MergedPart] | None:
    changes = sorted([*_changes(base, theirs, "theirs"), *_changes(base, mine, "mine")])
    merged: list[MergedPart] = []
    at, last = 0, None
    for change in changes:
        if last is not None and change.start <= last.end:
            if change[:3] == last[:3]:
                continue  # both did the same
            return None
        merged.append(MergedPart(base[at : change.start]))
        merged.append(MergedPart(base[change.start : change.end], change.by, is_removed=True))
        merged.append(MergedPart(change.lines, change.by))
        at, last = change.end, change
    return [*merged, MergedPart(base[at:])]


def _changes(base: list[str], changed: list[str], by: Side) -> Iterator[_Change]:
    for each in stretches(base, changed):
        if not each.is_same:
            yield _Change(each.start, each.end, changed[each.new_start : each.new_end], by)
