"""Comments to sanitised HTML: the Markdown of one paragraph, and whatever else as it was typed.

Promise: emphasis, code, strikethrough and links are marked; nothing begins a block, shows a
picture or is escaped, and every line break stays, so that a comment without marks reads exactly
as it was written. Blocking as `markdown` is: half a second for a hostile comment at most.
"""

from html import escape
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, backtick

from notes_service.text.markup import bounds, kept

HTML_BYTES: Final = 64 * 1024
"""A comment that makes more than this is shown as it was written."""

_RULES: Final = (
    *("linkify", "backticks", "strikethrough", "emphasis", "link", "autolink"),
    *("balance_pairs", "fragments_join"),
)
_SANITISER: Final = nh3.Cleaner(
    tags={"a", "code", "em", "s", "strong"},
    attributes={"a": {"href", "title"}},
    url_schemes=set(kept.SCHEMES),
    link_rel="noopener nofollow",
)


def render(text: str) -> str:
    """Return the comment's HTML, phrasing content alone; its line breaks are LF."""
    html = _SANITISER.clean(_PARSER.renderInline(text, bounds.budget(text)))
    return html if len(html.encode()) <= HTML_BYTES else as_written(text)


def as_written(text: str) -> str:
    """Return the text without a mark, for what cannot be rendered within bounds."""
    return escape(text, quote=False)


def _new_parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": False, "linkify": True}, renderer_cls=bounds.Renderer)
    parser.enable(list(_RULES))
    bounds.bind_links(parser)
    kept.bind_links(parser)
    parser.inline.ruler.at("backticks", _code)
    # An address is read as it was typed, %22 and all.
    parser.normalizeLinkText = lambda address: address  # type: ignore[assignment, method-assign]
    return parser


def _code(state: StateInline, silent: bool) -> bool:
    """Code in backticks keeps its line breaks, as pasted lines have them."""
    start, before = state.pos, len(state.tokens)
    is_code = backtick(state, silent)
    token = state.tokens[-1] if len(state.tokens) > before else None
    if token is not None and token.type == "code_inline":
        marks = len(token.markup)
        written = state.src[start + marks : state.pos - marks]
        if "\n" in written:
            token.content = written.strip("\n")
    return is_code


_PARSER: Final = _new_parser()
