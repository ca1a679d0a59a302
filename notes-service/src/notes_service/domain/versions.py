"""A note's versions: each text that was saved, who saved it, and how.

A version is never changed. An administrator may delete one that is not current; its number,
person and time stay. Numbers have gaps: the deletion of a note counts up without a version.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple

from notes_service.domain.notes import Person

TypedVia = Literal["page", "autosave", "api", "import", "merge"]
"""How a text comes to be saved, as clients say it."""
Via = Literal[TypedVia, "restore"]


class Origin(NamedTuple):
    """How a version comes to be: by what, and of a restored one, from which."""

    via: Via
    restored_from: int | None = None


BY_PROGRAM: Final = Origin("api")
"""What did not say how it came to be."""
FROM_TRASH: Final = Origin("restore")
"""A note that comes back from the trash, with the text that it had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version as the history lists it; the title of a deleted one is empty."""

    version: int
    title: str
    by: Person
    at: datetime
    via: Via
    restored_from: int | None = None
    changed_lines: int | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class WholeVersion:
    """A version with its text."""

    version: Version
    body: str


def lines_changed(old: str, new: str) -> int:
    """Return how many lines of `new` are not in `old`, counting each as often as it stands.

    O(n); a line that only moved is not changed, and one that is gone is not counted.
    """
    left: dict[str, int] = {}
    for line in _lines(old):
        left[line] = left.get(line, 0) + 1
    changed = 0
    for line in _lines(new):
        if left.get(line, 0):
            left[line] -= 1
        else:
            changed += 1
    return changed


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []
