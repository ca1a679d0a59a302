"""What a Markdown parser would drop, kept: nothing that somebody wrote vanishes.

Blocks that lie too deep are shown as text; an address that may not be a link stays as it was
written; a link shows something to press; a picture in a link keeps its words and its address.
Headings get ids, so that links within a note and to a place of it lead there.
"""

import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Final, cast

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict, OptionsType

SCHEMES: Final = frozenset(
    {"http", "https", "mailto", "tel", "sms", "ftp", "ftps", "sftp"}
    | {"geo", "irc", "ircs", "magnet", "matrix", "sip", "sips", "webcal", "xmpp"}
)
ID_PREFIX: Final = "h-"
"""No heading takes an id of the page's own."""

_BLOCK_LEVELS: Final = 60
"""Thirty lists, or sixty quotes, in each other."""
_LINKS: Final = nh3.Cleaner(
    tags={"a"}, attributes={"a": {"href"}}, url_schemes=set(SCHEMES), link_rel=None
)
_NOT_IN_IDS: Final = re.compile(r"[^\w\s-]")


class _Options(OptionsDict):
    """Options that let blocks lie as deep as our own bound does.

    Inline marks may lie 20 deep, as the library has it: deeper ones cost the square, and are
    shown as text. Blocks have a bound of ours, so the library's must not be met.
    """

    @property  # type: ignore[misc]
    def maxNesting(self) -> int:
        return 2 * _BLOCK_LEVELS


def bind(parser: MarkdownIt) -> None:
    """Have the parser keep what it would drop."""
    parser.options = _Options(cast(OptionsType, parser.options))
    parser.block.ruler.before("table", "deep", _deep)
    parser.core.ruler.push("pictures", _keep_pictures_in_links)
    bind_links(parser)
    parser.core.ruler.push("headings", _name_headings)


def bind_links(parser: MarkdownIt) -> None:
    """Have links shown with something to press, and what may be none as it was written."""
    parser.validateLink = is_link  # type: ignore[assignment, method-assign]
    parser.core.ruler.push("links", _keep_empty_links)


def is_link(address: str) -> bool:
    """Exactly what the sanitiser leaves a link: what it would not is shown as text."""
    return " href=" in _LINKS.clean(f'<a href="{escape(address)}">x</a>')


def words(tokens: Sequence[Token]) -> str:
    """What is read of an inline text."""
    return "".join(
        words(token.children or []) if token.type == "image"
        else " " if token.type in ("softbreak", "hardbreak")
        else token.content
        for token in tokens
    )  # fmt: skip


def _deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.level < _BLOCK_LEVELS or silent:
        return False
    state.push("paragraph_open", "p", 1).map = [start, end]
    inline = state.push("inline", "", 0)
    inline.content = state.getLines(start, end, state.blkIndent, False).strip()
    inline.map, inline.children = [start, end], []
    state.push("paragraph_close", "p", -1)
    state.line = end
    return True


def _keep_pictures_in_links(state: StateCore) -> None:
    """`[![badge](picture)](page)`: the words lead to the page, and the picture follows."""
    for inline in state.tokens:
        if inline.type != "inline" or not inline.children:
            continue
        kept: list[Token] = []
        pictures: list[Token] = []
        depth = 0
        for token in inline.children:
            depth += token.nesting if token.type.startswith("link_") else 0
            if token.type == "image" and depth:
                kept.append(_text(words(token.children or []) or str(token.attrGet("src"))))
                pictures.append(token)
                continue
            kept.append(token)
            if not depth and pictures:
                for picture in pictures:
                    picture.children = [_text("picture")]
                    kept += [_text(" ("), picture, _text(")")]
                pictures = []
        inline.children = kept


def _keep_empty_links(state: StateCore) -> None:
    for inline in state.tokens:
        children = inline.children if inline.type == "inline" else None
        for at in range(len(children or []) - 1, 0, -1):
            assert children is not None
            before, token = children[at - 1], children[at]
            if before.type == "link_open" and token.type == "link_close":
                children.insert(at, _text(str(before.attrGet("href") or "#")))


def _name_headings(state: StateCore) -> None:
    seen: Counter[str] = Counter()
    names: set[str] = set()
    for heading, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if heading.type == "heading_open":
            plain = _NOT_IN_IDS.sub("", words(inline.children or []).strip().lower())
            name = re.sub(r"\s", "-", plain) or "section"
            seen[name] += 1
            name = name if seen[name] == 1 else f"{name}-{seen[name] - 1}"
            names.add(name)
            heading.attrSet("id", ID_PREFIX + name)
    for inline in state.tokens:
        for token in inline.children or []:
            href = str(token.attrGet("href") or "") if token.type == "link_open" else ""
            if href.startswith("#") and state.md.normalizeLinkText(href[1:]) in names:
                token.attrSet("href", f"#{ID_PREFIX}{href[1:]}")


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
