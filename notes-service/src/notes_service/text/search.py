"""What somebody looks for: words, "phrases", -minus and OR, in the words of `words`.

Promise: a phrase and a minus always hold, whatever else a note resembles. Pure.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from notes_service.text import words

_ITEM: Final = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<plain>[^\s"]+))')
_QUOTES: Final = str.maketrans(dict.fromkeys("“”„‟«»「」『』", '"'))
_NEAR_CHARACTERS: Final = 4
"""Of three letters one is a third: "fox" would be nearly "for"."""


@dataclass(frozen=True)
class Term:
    """Something that a note has to say, or must not."""

    signs: tuple[str, ...]
    """In this order, next to each other."""
    lexemes: tuple[str, ...]
    """All of these, for them: those of the signs and pairs of them, symbols."""
    whole: str = ""
    """Or this: what is held together, as one word."""
    is_strict: bool = False
    """Nothing that only resembles it will do."""

    @property
    def sequence(self) -> str:
        """The signs as they stand in a text's sequence."""
        return f" {' '.join(self.signs)} "

    @property
    def is_phrase(self) -> bool:
        """Whether the order of several signs counts."""
        return len(self.signs) > 1


@dataclass(frozen=True)
class Query:
    """What was typed, understood."""

    alternatives: tuple[tuple[Term, ...], ...]
    """One of these, with all of its terms."""
    without: tuple[Term, ...]
    title: str
    """The sequence of all that was typed: a title that is exactly this comes first."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is looked for."""
        return not self.alternatives and not self.without

    @cached_property
    def resembled(self) -> str:
        """What a title may resemble, if the strict terms hold."""
        if len(self.alternatives) != 1:
            return ""
        return " ".join(term.signs[0] for term in self.alternatives[0] if not term.is_strict)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The terms of all alternatives."""
        return tuple(term for each in self.alternatives for term in each)


def parse(typed: str) -> Query:
    """Return what was typed as a query; nothing in it is an error."""
    alternatives: list[list[Term]] = [[]]
    without: list[Term] = []
    for item in _ITEM.finditer(typed.translate(_QUOTES)):
        phrase, plain = item["phrase"], item["plain"]
        if plain == "OR" and not item["minus"]:
            alternatives.append([])
        elif term := _term(plain if phrase is None else phrase, is_quoted=phrase is not None):
            (without if item["minus"] else alternatives[-1]).append(term)
    said = tuple(tuple(each) for each in alternatives if each)
    return Query(said, tuple(without), words.of(typed).sequence)


def _term(said: str, *, is_quoted: bool) -> Term | None:
    folded = words.fold(said)
    signs = words.signs(folded)
    symbols = words.symbols(folded)
    if not signs and not symbols:
        return None
    texts = tuple(each.text for each in signs)
    wholes = [] if is_quoted else list(words.joined(folded, signs))
    whole = wholes[0] if len(wholes) == 1 and wholes[0] == "".join(texts) else ""
    pairs = tuple(words.pairs(signs))
    is_word = len(texts) == 1 and not symbols and not signs[0].is_unit and texts[0].isalpha()
    is_strict = is_quoted or not is_word or len(texts[0]) < _NEAR_CHARACTERS
    return Term(texts, (*dict.fromkeys((*texts, *pairs, *symbols)),), whole, is_strict)
