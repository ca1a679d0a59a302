"""Where a note says what somebody looked for.

That is the passage around the first of its words, and the words of it and of the title that are
to be marked.

Marks are words of `words`, so what is marked is what was found. Pure; the work is proportional
to the text and not to what is in it.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from notes_service.text import words
from notes_service.text.search import Query

PASSAGE_CHARACTERS: Final = 200

_BEFORE: Final = 60
_CHUNK: Final = 4096
_OVERLAP: Final = 256
# Marks of Markdown say nothing in a passage: lines that only draw a line, signs, bullets.
_MARKS: Final = re.compile(
    r"^[ \t|:]*[-=][ \t|:=-]*$|!(?=\[)|[*_`#>|~\[\]]+|^\s*[-+]\s", re.MULTILINE
)
# Where a link goes; the passage may end in it.
_TARGET: Final = re.compile(r"\]\([^)\s]*(?:\)|\Z)")


class Piece(NamedTuple):
    """A run of text, and whether it was looked for."""

    text: str
    is_hit: bool


def marked(text: str, query: Query) -> list[Piece]:
    """All of a short text, what was looked for apart."""
    pieces: list[Piece] = []
    done = 0
    for start, end in _hits(text, query):
        if start < done:
            continue
        if text[done:start]:
            pieces.append(Piece(text[done:start], is_hit=False))
        pieces.append(Piece(text[start:end], is_hit=True))
        done = end
    if text[done:]:
        pieces.append(Piece(text[done:], is_hit=False))
    return pieces


def passage(body: str, query: Query) -> list[Piece]:
    """Around the first hit; nothing if the body has none."""
    for start in range(0, len(body), _CHUNK):
        chunk = body[start : start + _CHUNK + _OVERLAP]
        if not _may_hit(chunk, query):
            continue
        first = next(_hits(chunk, query), None)
        if first is not None:
            return _around(body, start + first[0], query)
    return []


def _around(body: str, hit: int, query: Query) -> list[Piece]:
    begin = max(0, hit - _BEFORE)
    if begin:  # at the beginning of a word
        begin = max(begin, body.find(" ", begin, hit) + 1)
    end = begin + PASSAGE_CHARACTERS
    said = body[begin:end]
    for text in (_TARGET.sub("]", said), said):  # the address only if it is what was found
        plain = " ".join(_MARKS.sub(" ", text).split())
        whole = ("…" if begin else "") + plain + ("…" if end < len(body) else "")
        pieces = marked(whole, query)
        if any(piece.is_hit for piece in pieces):
            return pieces
    return []


def _may_hit(chunk: str, query: Query) -> bool:
    folded = words.fold(chunk)
    return any(each in folded for each in _wanted(query))


def _wanted(query: Query) -> set[str]:
    """Without one of these a text has no hit: cheap to look for."""
    firsts = {(term.signs or term.lexemes)[0] for term in query.terms}
    return firsts | {term.whole for term in query.terms if term.whole}


def _hits(text: str, query: Query) -> Iterator[tuple[int, int]]:
    """Places of the text, in its order, that are words of the query."""
    folded, places = _folded_with_places(text)
    signs = words.signs(folded)
    found: list[tuple[int, int]] = []
    phrases = [term.signs for term in query.terms if term.signs]
    wholes = {term.whole for term in query.terms if term.whole}
    for at in range(len(signs)):
        for phrase in phrases:
            run = signs[at : at + len(phrase)]
            if tuple(each.text for each in run) == phrase:
                found.append((run[0].start, run[-1].end))
        if signs[at].text in wholes:
            found.append((signs[at].start, signs[at].end))
    symbols = {each for term in query.terms for each in term.lexemes if not each[0].isalnum()}
    found += (hit.span() for each in symbols for hit in re.finditer(re.escape(each), folded))
    for start, end in sorted(found, key=lambda hit: (hit[0], -hit[1])):
        yield places[start], places[end]


def _folded_with_places(text: str) -> tuple[str, list[int]]:
    """The folded text, and where in the text each of its characters begins."""
    if text.isascii():
        return words.fold(text), list(range(len(text) + 1))
    folded: list[str] = []
    places: list[int] = []
    for at, sign in enumerate(text):
        made = words.fold(sign)
        folded.append(made)
        places += [at] * len(made)
    return "".join(folded), [*places, len(text)]
