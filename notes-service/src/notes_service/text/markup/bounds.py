"""Bounds of what a Markdown source may cost, by what comes out of it.

Promise: HTML grows in proportion to its source. Where Markdown itself lets a few characters
stand for many (cells that a short row leaves out, references with long addresses), what is
over the bound is shown as it was written; where the whole is too much, making it stops early.
"""

import re
from collections.abc import MutableMapping, Sequence
from html import escape
from types import FunctionType
from typing import Any, Final

from linkify_it import LinkifyIt
from linkify_it.main import Match
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_inline import StateInline, linkify
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

HTML_CHARACTERS: Final = 1024 * 1024
"""A source that makes more than this is a bomb: it is shown as it was written."""

_CELLS_OF_A_TABLE: Final = 2000
_CELLS: Final = 2000
_REFERRED: Final = 8192
# Looking for addresses takes quadratic time in what has no white space.
_UNBROKEN: Final = re.compile(r"\S{2048}")

# The library's own rule with another bound: its 65,536 cells take a second.
_TABLE: Final = FunctionType(
    table.__code__, {**table.__globals__, "MAX_AUTOCOMPLETED_CELLS": _CELLS_OF_A_TABLE}
)


class TooMuch(Exception):
    """The HTML is getting longer than HTML_CHARACTERS."""


class Renderer(RendererHTML):
    """markdown-it's renderer with a budget for what it may write."""

    def render(self, tokens: Sequence[Token], options: OptionsDict, env: EnvType) -> str:
        """Return the HTML; raise TooMuch once there is more than HTML_CHARACTERS of it."""
        made: list[str] = []
        left = HTML_CHARACTERS
        for at, token in enumerate(tokens):
            if token.type == "inline":
                piece = self.renderInline(token.children or [], options, env)
            elif rule := self.rules.get(token.type):
                piece = rule(tokens, at, options, env)
            else:
                piece = self.renderToken(tokens, at, options, env)
            made.append(piece)
            left -= len(piece)
            if left < 0:
                raise TooMuch
        return "".join(made)


class _References(dict[str, dict[str, str]]):
    """Definitions of links; used more often than the source is long, they are not found."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self._left = left

    def get(self, label: str, default: Any = None) -> Any:
        found = super().get(label)
        if found is None:
            return default
        self._left -= len(escape(found["href"])) + len(escape(found["title"]))
        return found if self._left >= 0 else default


class _Linkify(LinkifyIt):  # type: ignore[misc]
    def match(self, text: str) -> list[Match] | None:
        return None if _UNBROKEN.search(text) else super().match(text)


def budget(body: str) -> MutableMapping[str, Any]:
    """The parser's environment for this source."""
    return {
        "references": _References(_REFERRED + 4 * len(body)),
        "cells": _CELLS + len(body) // 16,
        "is_unbroken": _UNBROKEN.search(body) is not None,
    }


def bind(parser: MarkdownIt) -> None:
    """Set our bounds on what the parser makes of tables and links."""
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    bind_links(parser)


def bind_links(parser: MarkdownIt) -> None:
    """Have the parser find addresses within our bounds."""
    parser.linkify = _Linkify()
    # Only what is written as an address: README.md is a file here, not a site in Moldova.
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.inline.ruler.at("linkify", _linkify)


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.env["cells"] < 0:
        return False
    before = len(state.tokens)
    is_table: bool = _TABLE(state, start, end, silent)
    if is_table and not silent:
        cells = (token for token in state.tokens[before:] if token.type == "inline")
        state.env["cells"] -= sum(not token.content for token in cells)
    return is_table


def _linkify(state: StateInline, silent: bool) -> bool:
    return not state.env["is_unbroken"] and linkify(state, silent)
