"""Markdown to sanitised HTML, and the beginning of a text without its marks.

Promise: whatever the source, the HTML runs no script and loads nothing; pictures become links
to them. Two lines of defence: raw HTML is not parsed as such, and what the renderer makes
passes an allow list. Blocking: some 1.5 µs a byte, hostile sources seconds (`bounds` says how
much may come out of one), so it is done beside the event loop (see `rendering`).
"""

import html as entities
import re
from collections.abc import Sequence
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from notes_service.domain.notes import Rendering
from notes_service.text.markup import bounds, code, footnotes, kept, lexers, tasks

EXCERPT_CHARACTERS: Final = 160

_PLAIN_TAGS: Final = (
    *("blockquote", "br", "code", "em", "hr", "p", "pre", "s", "strong", "ul"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "sup", "table", "tbody", "thead", "tr"),
)
_BLOCKS: Final = ("blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "ul")
_SANITISER: Final = nh3.Cleaner(
    tags={*_PLAIN_TAGS, "a", "div", "input", "li", "ol", "section", "span", "td", "th"},
    attributes={
        "a": {"href", "title", "id", "aria-label"},
        "li": {"id"},
        "ol": {"start"},
        "input": {"aria-label", "data-line", "data-task"},
        **{f"h{level}": {"id"} for level in range(1, 7)},
    },
    # No other input than this one.
    set_tag_attribute_values={"input": {"type": "checkbox"}},
    tag_attribute_values={
        "a": {"role": {"doc-noteref", "doc-backlink"}},
        "input": {"checked": {""}, "disabled": {""}},
        "section": {
            "dir": {"auto"},
            "role": {"doc-endnotes"},
            "aria-label": {"Footnotes"},
        },
        **{block: {"dir": {"auto"}} for block in _BLOCKS},
        **{
            tag: {"dir": {"auto"}, "tabindex": {"0"}, "role": {"group"}, "aria-label": {name}}
            for tag, name in (("div", "Table"), ("pre", "Code"))
        },
    },
    allowed_classes={
        "br": {"hard"},
        "div": {"scroll"},
        "li": {"task"},
        "section": {"footnotes"},
        "span": set(lexers.CLASSES),
        **{cell: {"align-left", "align-center", "align-right"} for cell in ("td", "th")},
    },
    url_schemes=set(kept.SCHEMES),
    link_rel="noopener nofollow",
)
_TAGS: Final = nh3.Cleaner(tags=set())
_MARKS: Final = re.compile(r"<sup>.*?</sup>| ?<a [^>]*doc-backlink[^>]*>[^<]*</a>")
_ALIGNMENT: Final = re.compile(r"text-align:(left|center|right)")
_RIGHT_TO_LEFT: Final = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# What may be wider than its place scrolls there, so the keyboard has to reach it.
_SCROLLED: Final = 'tabindex="0" role="group" aria-label='


def render(body: str) -> Rendering:
    """Return the body's HTML and excerpt; a body over the bounds is shown as written."""
    try:
        html = _SANITISER.clean(_PARSER.render(body, _budget(body)))
    except bounds.TooMuch:
        return as_written(body)
    return Rendering(html, _excerpt(html))


def as_written(body: str) -> Rendering:
    """The source itself, for what cannot be rendered within bounds."""
    html = f'<pre {_SCROLLED}"Text" dir="auto">{entities.escape(body, quote=False)}</pre>\n'
    return Rendering(html, _excerpt(html))


def _budget(body: str) -> dict[str, Any]:
    return {**bounds.budget(body), **code.budget(), **footnotes.budget(body)}


def _excerpt(html: str) -> str:
    # Tags are short: the beginning of the HTML holds enough text.
    plain = entities.unescape(_TAGS.clean(_MARKS.sub("", html[:8192])))
    text = " ".join(plain.split())
    if len(text) <= EXCERPT_CHARACTERS:
        return text
    return text[: EXCERPT_CHARACTERS - 1].rstrip() + "…"


def _new_parser() -> MarkdownIt:
    options = {"html": False, "linkify": True}
    parser = MarkdownIt("commonmark", options, renderer_cls=bounds.Renderer)
    parser.enable(["table", "strikethrough", "linkify"])
    bounds.bind(parser)
    kept.bind(parser)
    footnotes.bind(parser)
    parser.core.ruler.push("tasks", tasks.mark)
    parser.core.ruler.push("alignment", _align_by_class)
    parser.core.ruler.push("directions", _leave_directions_to_browsers)
    parser.add_render_rule("image", _picture_as_link)
    parser.add_render_rule("table_open", _table_begins)
    parser.add_render_rule("table_close", _table_ends)
    parser.add_render_rule("softbreak", _line_break)
    parser.add_render_rule("hardbreak", _hard_line_break)
    parser.add_render_rule("fence", _code)
    parser.add_render_rule("code_block", _code)
    return parser


def _align_by_class(state: StateCore) -> None:
    # A style attribute would be refused by the pages' content security policy.
    for token in state.tokens:
        if token.type in ("td_open", "th_open"):
            found = _ALIGNMENT.fullmatch(str(token.attrs.pop("style", "")))
            if found:
                token.attrSet("class", f"align-{found[1]}")


def _leave_directions_to_browsers(state: StateCore) -> None:
    """Each block of the text with right-to-left letters finds its own direction."""
    block = None
    for token in state.tokens:
        if token.level == 0 and token.nesting >= 0:
            block = token
        if block is not None and _RIGHT_TO_LEFT.search(token.content):
            block.attrSet("dir", "auto")


def _direction(token: Token) -> str:
    return ' dir="auto"' if token.attrGet("dir") else ""


def _table_begins(
    _: RendererHTML, tokens: Sequence[Token], position: int, *__: OptionsDict | EnvType
) -> str:
    direction = _direction(tokens[position])
    return f'<div class="scroll" {_SCROLLED}"Table"{direction}>\n<table>\n'


def _table_ends(*_: object) -> str:
    return "</table>\n</div>\n"


def _line_break(*_: object) -> str:
    """A line ends where its writer ended it. Sites that join such lines hide the break."""
    return "<br>\n"


def _hard_line_break(*_: object) -> str:
    return '<br class="hard">\n'


def _code(
    _: RendererHTML,
    tokens: Sequence[Token],
    position: int,
    __: OptionsDict,
    env: EnvType,
) -> str:
    token = tokens[position]
    shown = code.html(token.content, token.info, env)
    return f'<pre {_SCROLLED}"Code"{_direction(token)}><code>{shown}</code></pre>\n'


def _picture_as_link(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    position: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    token = tokens[position]
    address = entities.escape(str(token.attrGet("src") or ""))
    name = kept.words(token.children or []) or str(token.attrGet("src") or "")
    if not name:
        return "![]()"
    return f'<a href="{address}">{entities.escape(name)}</a>'


_PARSER: Final = _new_parser()
