"""Footnotes: `text[^1]` and `[^1]: what it says`, by markdown-it's plugin, within our bounds.

Nothing that was written vanishes: a footnote that nothing refers to stands at the end as well,
a second one of the same name stays as it was written, and so does one inside another.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, reference
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_def, footnote_ref

ID_PREFIX: Final = "fn-"
"""No heading and nothing of the page's own has such an id."""
BACK_LINKS: Final = 20
"""A footnote leads back to so many of the places that refer to it."""

_REFERENCES: Final = 500
_LABEL_CHARACTERS: Final = 100


def bind(parser: MarkdownIt) -> None:
    """Have the parser read and write footnotes."""
    # Not `^[…]`, which people write for other things.
    footnote_plugin(parser, inline=False)
    parser.block.ruler.at("footnote_def", _define, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.at("reference", _define_link)
    parser.inline.ruler.at("footnote_ref", _refer)
    parser.core.ruler.at("footnote_tail", _move_to_the_end)
    for name, rule in (
        ("footnote_ref", _reference),
        ("footnote_block_open", _list_begins),
        ("footnote_open", _footnote_begins),
        ("footnote_anchor", _way_back),
    ):
        parser.add_render_rule(name, rule)


def budget(body: str) -> dict[str, Any]:
    """What of the parser's environment is about footnotes."""
    return {"references_left": _REFERENCES + len(body) // 64, "is_in_footnote": False}


def _define(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    at = state.bMarks[start] + state.tShift[start]
    label = _label(state.src, at)
    if label is None or f":{label}" in _known(state.env):
        return False
    if silent:  # whether it ends what is before it
        return bool(footnote_def(state, start, end, silent))
    if state.env["is_in_footnote"]:
        return False
    state.env["is_in_footnote"] = True
    try:
        return bool(footnote_def(state, start, end, silent))
    finally:
        state.env["is_in_footnote"] = False


def _define_link(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """What is not a footnote is no address either: it would be seen nowhere."""
    is_like_one = state.src.startswith("[^", state.bMarks[start] + state.tShift[start])
    return not is_like_one and reference(state, start, end, silent)


def _refer(state: StateInline, silent: bool) -> bool:
    if _label(state.src, state.pos) is None or state.env["references_left"] <= 0:
        return False
    is_one: bool = footnote_ref(state, silent)
    if is_one and not silent:
        state.env["references_left"] -= 1
        state.tokens[-1].content = f"[^{state.tokens[-1].meta['label']}]"
    return is_one


def _label(source: str, at: int) -> str | None:
    if not source.startswith("[^", at):
        return None
    label, bracket, _ = source[at + 2 : at + 3 + _LABEL_CHARACTERS].partition("]")
    return label if bracket else None


def _known(env: Any) -> dict[str, int]:
    known: dict[str, int] = env.get("footnotes", {}).get("refs", {})
    return known


def _move_to_the_end(state: StateCore) -> None:
    """As the plugin does, and those that nothing refers to come last."""
    numbers = dict(_known(state.env))
    if not numbers:
        return
    counts = _count_places(state.tokens)
    said: dict[str, list[Token]] = {}
    kept: list[Token] = []
    into = kept
    for token in state.tokens:
        if token.type == "footnote_reference_open":
            into = said[f":{token.meta['label']}"] = []
        elif token.type == "footnote_reference_close":
            into = kept
        else:
            into.append(token)
    state.tokens = kept
    if not said:
        return
    last = len(numbers)
    labels = sorted(said, key=lambda label: last if numbers[label] < 0 else numbers[label])
    kept.append(Token("footnote_block_open", "section", 1))
    for number, label in enumerate(labels, start=1):
        kept += _footnote(number, said[label], counts[label])
    kept.append(Token("footnote_block_close", "section", -1))


def _count_places(tokens: list[Token]) -> Counter[str]:
    """How many places lead to each footnote, and each place's number: none in a picture's."""
    counts: Counter[str] = Counter()
    for inline in tokens:
        for token in inline.children or []:
            if token.type == "footnote_ref":
                label = f":{token.meta['label']}"
                token.meta["subId"] = counts[label]
                counts[label] += 1
    return counts


def _footnote(number: int, said: list[Token], count: int) -> list[Token]:
    backs = [
        Token("footnote_anchor", "", 0, meta={"id": number - 1, "subId": place})
        for place in range(min(count, BACK_LINKS))
    ]
    # In the last paragraph, if it ends with one.
    end = len(said) - bool(said and said[-1].type == "paragraph_close")
    opened = Token("footnote_open", "li", 1, level=1, meta={"id": number - 1})
    closed = Token("footnote_close", "li", -1, level=1)
    return [opened, *said[:end], *backs, *said[end:], closed]


def _place(token: Token) -> str:
    """The id of a place that refers to a footnote."""
    number, place = token.meta["id"] + 1, token.meta["subId"]
    return f"{ID_PREFIX}{number}-ref" + (f"-{place + 1}" if place else "")


def _reference(_: RendererHTML, tokens: Sequence[Token], position: int, *__: object) -> str:
    token = tokens[position]
    number = token.meta["id"] + 1
    place = f' id="{_place(token)}"' if token.meta["subId"] < BACK_LINKS else ""
    return (
        f'<sup><a href="#{ID_PREFIX}{number}"{place} role="doc-noteref"'
        f' aria-label="Footnote {number}">{number}</a></sup>'
    )


def _list_begins(_: RendererHTML, tokens: Sequence[Token], position: int, *__: object) -> str:
    direction = ' dir="auto"' if tokens[position].attrGet("dir") else ""
    opened = (
        f'<section class="footnotes" role="doc-endnotes" aria-label="Footnotes"{direction}>'
    )
    return f"{opened}\n<ol>\n"


def _footnote_begins(
    _: RendererHTML, tokens: Sequence[Token], position: int, *__: object
) -> str:
    return f'<li id="{ID_PREFIX}{tokens[position].meta["id"] + 1}">'


def _way_back(_: RendererHTML, tokens: Sequence[Token], position: int, *__: object) -> str:
    token = tokens[position]
    number, place = token.meta["id"] + 1, token.meta["subId"]
    where = f"place {place + 1} of footnote" if place else "footnote"
    name = f"Back to {where} {number}"
    # The sign for text: some systems would show an emoji.
    return f' <a href="#{_place(token)}" role="doc-backlink" aria-label="{name}">↩\ufe0e</a>'
