"""How texts became search words in the release before, whose search reads them still.

PostgreSQL's `simple` configuration splits at white space, so a Chinese or Japanese sentence
would be one word. Runs of those scripts are taken apart instead (the usual CJK analysis): a
note is found by any of its characters and by any two neighbouring ones.
"""

import re
from typing import Final

INDEXED_CHARACTERS: Final = 32 * 1024
"""PostgreSQL refuses a text vector over 1 MiB; this much of any text stays below."""

# PostgreSQL's parser takes quadratic time for what has no white space: seconds for a long one.
_UNBROKEN: Final = re.compile(r"\S{200}")
# Kana, CJK ideographs (extensions included), Hangul.
_RUN: Final = re.compile(
    "[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+"
)


def of_text(text: str) -> str:
    """What a text is found by."""
    text = _UNBROKEN.sub(r"\g<0> ", text[:INDEXED_CHARACTERS])
    if text.isascii():
        return text
    return _RUN.sub(lambda run: f" {' '.join([*run[0], *_pairs(run[0])])} ", text)


def of_query(query: str) -> str:
    """What is looked for, in websearch_to_tsquery's language."""
    return _RUN.sub(lambda run: f" {' '.join(_pairs(run[0]) or run[0])} ", query)


def _pairs(signs: str) -> list[str]:
    return [signs[i : i + 2] for i in range(len(signs) - 1)]
