"""Code in the colours of its language: the words of Pygments' lexers in a few classes.

Promise: no character of the code is lost or added. The language is the one that the fence
names, never guessed, and one of `lexers`: each was tried with hostile code, and takes time in
proportion to it, given that no line and no white space is longer than code has them. So what is
bounded is the code (20 KiB of a note) and not the time.
"""

import re
from collections.abc import Iterator, MutableMapping
from html import escape
from typing import Any, Final

from notes_service.text.markup import lexers

COLOURED_BYTES: Final = 20 * 1024
"""Of one note; what is beyond is shown plain."""
LINE_CHARACTERS: Final = 1000

# Expressions of lexers take the square of such a run, or its cube.
_UNLIKE_CODE: Final = re.compile(rf"[^\n]{{{LINE_CHARACTERS + 1}}}|\s{{101}}")
_FENCE: Final = re.compile("```|~~~")


def budget() -> dict[str, Any]:
    """What of the parser's environment is about code."""
    return {"coloured_left": COLOURED_BYTES}


def may_be_in(body: str) -> bool:
    """Return whether rendering the body may need a lexer, which takes time to load."""
    return _FENCE.search(body) is not None


def html(code: str, language: str, env: MutableMapping[str, Any]) -> str:
    """Return the code as HTML, in spans if its language is known and the env allows.

    `language` is what the fence says, a few words perhaps.
    """
    name = _name(language)
    if name in lexers.NAMES and _is_within(code, name, env):
        pieces = list(_pieces(code, name))
        if "".join(text for _, text in pieces) == code:
            return "".join(_span(kind, text) for kind, text in pieces)
    return escape(code, quote=False)


def _name(language: str) -> str:
    said = language.split(maxsplit=1)
    # `js{1,3}`, `{.python}`: what other programs read there as well.
    return said[0].partition("{")[0].lower() if said else ""


def _is_within(code: str, name: str, env: MutableMapping[str, Any]) -> bool:
    size = len(code.encode())
    env["coloured_left"] -= size
    fits = env["coloured_left"] >= 0 and size <= lexers.most_bytes(name)
    return fits and _UNLIKE_CODE.search(code) is None


def _pieces(code: str, name: str) -> Iterator[tuple[str, str]]:
    """Class and text of each run; white space belongs to what is before it."""
    run, kind = "", ""
    for next_kind, text in lexers.words(code, name):
        if next_kind != kind and not text.isspace():
            if run:
                yield kind, run
            run, kind = "", next_kind
        run += text
    yield kind, run


def _span(kind: str, text: str) -> str:
    escaped = escape(text, quote=False)
    return f'<span class="{kind}">{escaped}</span>' if kind else escaped
