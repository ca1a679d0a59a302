"""The headings of a note, for its table of contents. Pure.

From the HTML that notes-service made and cleaned, in which every heading has an id. The island
`dom/contents.ts` makes the same of the page, when the note changes.
"""

import re
from html import unescape
from typing import NamedTuple

FEWEST = 4
MOST = 200

_HEADING = re.compile(r'<h([1-6]) id="(h-[^"]*)"[^>]*>(.*?)</h\1>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


class Heading(NamedTuple):
    """One entry: `level` counts from 1, the highest of this note."""

    id: str
    level: int
    text: str


def outline(html: str) -> list[Heading]:
    """Returns the first MOST headings; none where there are fewer than FEWEST."""
    found = [
        Heading(unescape(name), int(level), " ".join(unescape(_TAG.sub("", said)).split()))
        for level, name, said in _HEADING.findall(html)
    ]
    if len(found) < FEWEST:
        return []
    shown = found[:MOST]
    highest = min(heading.level for heading in shown)
    return [heading._replace(level=heading.level - highest + 1) for heading in shown]
