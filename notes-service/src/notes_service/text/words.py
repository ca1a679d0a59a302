"""The words of a text as search sees them, the same for notes and for what people look for.

Promise: texts that people read as the same words have the same words here, however they were
typed: letters are compared without case, accents and width (NFKC), and words end where Unicode
says that they do (UAX 29), quotes, dashes and emoji included. What is written together by a
hyphen, a dot or an apostrophe is found by its parts and as a whole. Scripts without spaces are
taken sign by sign: any neighbouring ones are found. Pure, and linear in the text.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from notes_service.domain.notes import Words

WORD_CHARACTERS: Final = 100
"""A longer word is known by its beginning."""
LEXEME_BYTES: Final = 900_000
"""PostgreSQL refuses a text vector over 1 MiB."""
FOLDED_CHARACTERS: Final = 512 * 1024
"""Single signs may stand for many, which nobody writes by the thousand."""
SEQUENCE_CHARACTERS: Final = 1_000_000

_JOINED_CHARACTERS: Final = 64


class Sign(NamedTuple):
    """One word, or one sign of a script without spaces, in a folded text."""

    text: str
    start: int
    end: int
    is_unit: bool


def of(text: str) -> Words:
    """Return the words of a text."""
    folded = fold(text)
    signs = list(_signs(folded))
    sequence = "".join(f"{each.text} " for each in signs)
    found = dict.fromkeys(each.text for each in signs)
    found |= dict.fromkeys(_together(folded, signs))
    found |= dict.fromkeys(symbols(folded))
    return Words(f" {sequence}"[:SEQUENCE_CHARACTERS] if signs else "", tuple(that_fit(found)))


def fold(text: str) -> str:
    """Without what people do not tell apart when they look for something."""
    if text.isascii():
        return text.lower()[:FOLDED_CHARACTERS]
    plain = unicodedata.normalize("NFKD", text.translate(_BEFORE)).casefold()
    plain = _UNSEEN.sub("", plain[:FOLDED_CHARACTERS])
    return unicodedata.normalize("NFKC", plain).translate(_ALIKE)


def signs(folded: str) -> list[Sign]:
    """Return the words of a folded text with their places."""
    return list(_signs(folded))


def joined(folded: str, signs: list[Sign]) -> Iterator[str]:
    """Words that a hyphen, a dot or an apostrophe holds together, as one."""
    run: list[Sign] = []
    for each in signs:
        if run and not _is_held(folded, run[-1], each):
            yield from _whole(run)
            run = []
        run.append(each)
    yield from _whole(run)


def symbols(folded: str) -> list[str]:
    """Emoji and other symbols; C++ and C#."""
    found = _WITH_SIGNS.findall(folded)
    if not folded.isascii():
        found += (
            each for each in _SYMBOL.findall(folded)
            if len(each) > 1 or unicodedata.category(each) in ("So", "Sm", "Sc")
        )  # fmt: skip
    return found


def pairs(signs: list[Sign]) -> Iterator[str]:
    """Neighbours of a script without spaces."""
    for one, two in pairwise(signs):
        if one.is_unit and two.is_unit and one.end == two.start:
            yield one.text + two.text


def _signs(folded: str) -> Iterator[Sign]:
    if folded.isascii():
        for found in _ASCII_WORD.finditer(folded):
            yield Sign(found[0][:WORD_CHARACTERS], found.start(), found.end(), False)
        return
    for found in _WORD.finditer(folded):
        is_unit = found.lastgroup == "unit"
        yield Sign(found[0][:WORD_CHARACTERS], found.start(), found.end(), is_unit)


def _together(folded: str, signs: list[Sign]) -> Iterator[str]:
    yield from pairs(signs)
    yield from joined(folded, signs)


def _is_held(folded: str, one: Sign, two: Sign) -> bool:
    is_one_apart = two.start == one.end + 1 and folded[one.end] in _HOLDING
    return is_one_apart and not (one.is_unit or two.is_unit)


def _whole(run: list[Sign]) -> Iterator[str]:
    if len(run) > 1 and run[-1].end - run[0].start <= _JOINED_CHARACTERS:
        yield "".join(each.text for each in run)


def that_fit(found: Iterable[str]) -> Iterator[str]:
    """Each once, as many as one vector holds."""
    left = LEXEME_BYTES
    for each in dict.fromkeys(found):
        left -= len(each.encode())
        if left < 0:
            return
        yield each


def _zero(first: int) -> dict[int, str]:
    return {first + value: str(value) for value in range(10)}


def _marks(*scripts: tuple[int, int]) -> str:
    signs = (chr(point) for first, end in scripts for point in range(first, end))
    return "".join(sign for sign in signs if unicodedata.category(sign) in ("Mn", "Mc", "Me"))


# White space to a reader, part of a word to NFKC.
_BEFORE: Final = dict.fromkeys([0x200B, 0x2122, 0x2120], " ")
# Accents of Latin, Greek, Cyrillic; points of Hebrew and Arabic; what is not seen. ZWNJ stays.
_UNSEEN: Final = re.compile(
    "[\xad\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u061c\u0640"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u200d-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\U000e0000-\U000e0fff]+"
)
_ALIKE: Final = str.maketrans(
    {
        **{"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"},
        **{"ħ": "h", "ŋ": "n", "ŧ": "t", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه"},
        **{
            "’": "'",
            "‘": "'",
            "ʼ": "'",
            "ʹ": "'",
            "´": "'",
            "`": "'",
            "‐": "-",
            "−": "-",
            "⁄": "/",
        },
    }
    | {
        chr(point): digit
        for first in (
            *(0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6),
            *(0xD66, 0xE50, 0xED0, 0xF20, 0x1040, 0x17E0, 0x1810),
        )
        for point, digit in _zero(first).items()
    }
)
_HOLDING: Final = frozenset("'-._&·\u200c@")
_MARKS: Final = _marks((0x300, 0xAC00), (0x11000, 0x12000))
# Kana, Han, Hangul, bopomofo, Yi; Thai, Lao, Burmese, Khmer, Tai and Javanese.
_SPACELESS: Final = (
    "\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1050-\u108f\u1780-\u17d3\u1950-\u19df\u1a20-\u1aad"
    "\u3005-\u3007\u3041-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua000-\ua48c\ua980-\ua9c0\uac00-\ud7af\uf900-\ufaff\U0001b000-\U0001b16f"
    "\U00020000-\U0003347f"
)
_ASCII_WORD: Final = re.compile("[a-z0-9]+")
_WORD: Final = re.compile(
    rf"(?P<unit>[{_SPACELESS}][{_MARKS}]*)|(?P<word>(?:(?![{_SPACELESS}])[^\W_]|[{_MARKS}])+)"
)
# A flag is two letters.
_SYMBOL: Final = re.compile("[\U0001f1e6-\U0001f1ff]{2}|[^\x00-\x7f\\w\\s]")
_WITH_SIGNS: Final = re.compile(r"(?<![^\W_])[^\W_]+(?:\+\+|#)(?![\w+#])")
