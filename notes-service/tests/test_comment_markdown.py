"""A comment is one paragraph of Markdown, and whatever else as it was typed."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from notes_service.domain.limits import COMMENT_CHARACTERS
from notes_service.text.markup import comments, kept
from xss_corpus import CORPUS

LINK = '<a href="https://a.example/x" rel="noopener nofollow">'
ALLOWED = {
    "em": set(),
    "strong": set(),
    "s": set(),
    "code": set(),
    "a": {"href", "title", "rel"},
}


class Read(HTMLParser):
    """What is read of HTML, and what of it is more than a comment may be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.found = "", list[object]()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag not in ALLOWED or not {name for name, _ in attrs} <= ALLOWED[tag]:
            self.found.append((tag, attrs))
        for name, value in attrs:
            if name == "href" and urlsplit(value).scheme not in {"", *kept.SCHEMES}:
                self.found.append(value)

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.found.append(data)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*so* and _so_", "<em>so</em> and <em>so</em>"),
        ("**very**", "<strong>very</strong>"),
        ("~~no~~", "<s>no</s>"),
        ("`a*b*`", "<code>a*b*</code>"),
        ("[here](https://a.example/x)", f"{LINK}here</a>"),
        ("<https://a.example/x>", f"{LINK}https://a.example/x</a>"),
        ("See https://a.example/x.", f"See {LINK}https://a.example/x</a>."),
        ("[](https://a.example/x)", f"{LINK}https://a.example/x</a>"),
        ("[**so** here](https://a.example/x)", f"{LINK}<strong>so</strong> here</a>"),
    ],
)
def test_promise_marks_of_one_paragraph_are_shown(text, html):
    assert comments.render(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "# no heading\n\n\n  - no list\n1. nor this\n> nor a quote\n---\n    nor code",
        "snake_case_name, 2 * 3 * 4, C:\\new\\*.txt, &amp; and \\[",
        "[x]: https://a.example\n| a | b |\n|---|---|\n- [ ] to do",
        "README.md, www.example.org, me@example.org",
        "trailing  \nspaces and a tab\t\nare kept",
        "<b>bold</b> <!-- said --> <img src=x onerror=pwned()>",
        "[x](javascript:pwned()) <javascript:pwned()> javascript:pwned()",
        "[x](data:text/html,pwned())",
    ],
)
def test_promise_what_is_no_mark_of_one_paragraph_is_read_as_it_was_typed(text):
    html = comments.render(text)
    read = Read(html)
    assert read.text == text
    assert "<" not in html.replace(LINK, "").replace("</a>", "").replace("&lt;", "") or (
        "https://" in text
    )


def test_a_picture_is_not_shown_and_its_address_is_a_link():
    html = comments.render("![cat](https://a.example/x)")
    assert html == f"!{LINK}cat</a>"


def test_pasted_lines_of_code_keep_their_line_breaks():
    assert comments.render("So:\n```\nif a:\n  b\n```") == "So:\n<code>if a:\n  b</code>"


def test_promise_no_comment_becomes_more_than_harmless_marks():
    for text in CORPUS:
        assert Read(comments.render(text)).found == [], text


def test_promise_hostile_comments_without_marks_are_read_exactly_as_they_were_typed():
    marks = re.compile(r"\*|_|~~|`|\]\(|<\w+:")
    texts = [text.strip() for text in CORPUS if not marks.search(text)]
    assert len(texts) > 150
    assert [Read(comments.render(text)).text for text in texts] == texts


@pytest.mark.parametrize("piece", ["[🍕](https://🍕)", "&", "<a@b>", "<a:b>", "[[a]", "*_"])
def test_promise_the_html_of_the_longest_comment_is_bounded(piece):
    text = (piece * COMMENT_CHARACTERS)[:COMMENT_CHARACTERS].strip()
    html = comments.render(text)
    assert len(html.encode()) <= comments.HTML_BYTES
    assert Read(html).found == []


def test_a_comment_over_the_bound_is_shown_as_it_was_written(monkeypatch):
    monkeypatch.setattr(comments, "HTML_BYTES", 20)
    assert comments.render("<i> **and** more than that") == "&lt;i&gt; **and** more than that"
