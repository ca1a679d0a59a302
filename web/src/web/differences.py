"""Two texts of one note, compared by line. Pure.

Nothing of either text is ever missing: `compare` shows every line of both, and `unite` makes
one text that holds them all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

# Comparing is quadratic at worst; beyond this the texts stand one after the other.
MAX_LINES = 2000


@dataclass(frozen=True, slots=True)
class Line:
    kind: Literal["same", "theirs", "mine"]
    text: str


def compare(theirs: str, mine: str) -> list[Line]:
    return list(_lines(theirs.split("\n"), mine.split("\n")))


def unite(theirs: str, mine: str) -> str:
    """Both texts in one, common lines once, theirs before mine where they differ."""
    return "\n".join(line.text for line in compare(theirs, mine))


def _lines(theirs: list[str], mine: list[str]) -> Iterator[Line]:
    if max(len(theirs), len(mine)) > MAX_LINES:
        yield from (Line("theirs", text) for text in theirs)
        yield from (Line("mine", text) for text in mine)
        return
    matcher = SequenceMatcher(a=theirs, b=mine, autojunk=False)
    for tag, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if tag == "equal":
            yield from (Line("same", text) for text in theirs[a_from:a_to])
            continue
        yield from (Line("theirs", text) for text in theirs[a_from:a_to])
        yield from (Line("mine", text) for text in mine[b_from:b_to])
