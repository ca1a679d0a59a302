"""Task lists: `- [x] done` gets a box that shows its state, and says where its mark is.

Whoever ticks it changes one character of the source. `data-line` is the mark's line in the
body, from 0; `data-task` says which task it was there, so that a box of a page that is not of
this moment ticks the same task or none. The box is disabled: a page that can tick enables it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final
from zlib import crc32

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_TASK: Final = re.compile(r"\[([ xX])\]\s+")
_IN_SOURCE: Final = re.compile(r"[\s>*+.)\d-]*\[[ xX]\](?=\s)")


def mark(state: StateCore) -> None:
    """Give the items of task lists their boxes."""
    lines = None
    for item, _, inline in _triples(state.tokens):
        if item.type != "list_item_open" or not inline.children:
            continue
        first = inline.children[0]
        if first.type == "text" and (found := _TASK.match(first.content)):
            lines = state.src.split("\n") if lines is None else lines
            first.content = first.content[found.end() :]
            inline.children.insert(0, _box(_place(lines, inline), is_done=found[1] != " "))
            item.attrSet("class", "task")


def _triples(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token, Token]]:
    return zip(tokens, tokens[1:], tokens[2:], strict=False)


def _place(lines: list[str], inline: Token) -> str:
    """Line and name of the task; nothing where its mark is an escaped bracket."""
    number = inline.map[0] if inline.map else -1
    found = _IN_SOURCE.match(lines[number]) if 0 <= number < len(lines) else None
    if found is None:
        return ""
    name = crc32(lines[number][found.end() :].strip().encode())
    return f' data-line="{number}" data-task="{name:08x}"'


def _box(place: str, *, is_done: bool) -> Token:
    checked = ' checked="" aria-label="done"' if is_done else ' aria-label="to do"'
    return Token("html_inline", "", 0, content=f'<input disabled=""{checked}{place}> ')
