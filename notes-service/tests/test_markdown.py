# ruff: noqa: E501 - one case a line
"""Whatever the source, the HTML runs no script and loads nothing."""

import html as entities
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from notes_service.text.markup import kept, markdown
from xss_corpus import CORPUS

PLAIN = "br code em hr s strong table tbody thead tr"
BLOCKS = "blockquote h1 h2 h3 h4 h5 h6 p ul"
SCROLLED = {"dir", "tabindex", "role", "aria-label"}
ALLOWED = {
    **{tag: set() for tag in PLAIN.split(" ")},
    **{tag: {"dir"} for tag in BLOCKS.split(" ")},
    **{f"h{level}": {"dir", "id"} for level in range(1, 7)},
    "div": {"class", *SCROLLED},
    "pre": SCROLLED,
    "a": {"href", "title", "rel", "id", "role", "aria-label"},
    "br": {"class"},
    "input": {"type", "disabled", "checked", "aria-label", "data-line", "data-task"},
    "li": {"class", "id"},
    "section": {"aria-label", "class", "dir", "role"},
    "span": {"class"},
    "sup": set(),
    "ol": {"dir", "start"},
    "td": {"class"},
    "th": {"class"},
}  # fmt: skip
# Nothing of the page has such a class or id, nor can a text choose one.
VALUES = {
    ("br", "class"): "hard",
    ("div", "class"): "scroll",
    ("li", "class"): "task",
    ("section", "class"): "footnotes",
    ("span", "class"): "[cdefiknst]",
    ("a", "id"): r"fn-\d+-ref(-\d+)?",
    ("a", "role"): "doc-noteref|doc-backlink",
    ("a", "aria-label"): r"Footnote \d+|Back to (place \d+ of )?footnote \d+",
    ("li", "id"): r"fn-\d+",
    ("input", "data-line"): r"\d+",
    ("input", "data-task"): "[0-9a-f]{8}",
}


class Executable(HTMLParser):
    """Collects everything in a piece of HTML that is not plainly harmless."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        names = {name for name, _ in attrs}
        if tag not in ALLOWED or not names <= ALLOWED[tag]:
            self.found.append((tag, attrs))
        for name, value in attrs:
            if name == "href" and urlsplit(value).scheme not in {"", *kept.SCHEMES}:
                self.found.append((tag, name, value))
            if name == "rel" and value != "noopener nofollow":
                self.found.append((tag, name, value))
            if not re.fullmatch(VALUES.get((tag, name), ".*"), value, re.DOTALL):
                self.found.append((tag, name, value))

    def handle_comment(self, data):
        self.found.append(("comment", data))

    def handle_decl(self, decl):
        self.found.append(("declaration", decl))

    def unknown_decl(self, data):
        self.found.append(("declaration", data))

    def handle_pi(self, data):
        self.found.append(("instruction", data))


def test_the_corpus_is_large():
    assert len(set(CORPUS)) >= 400


@pytest.mark.parametrize("source", sorted(set(CORPUS)))
def test_nothing_of_the_corpus_can_run(source):
    rendered = markdown.render(source)
    assert Executable(rendered.html).found == []
    assert Executable(markdown.as_written(source).html).found == []


def test_the_check_itself_finds_what_runs():
    for html in (
        "<script>",
        "<p onclick=x>",
        "<a href='javascript:x'>",
        "<img src=x>",
        "<!--x-->",
        "<span class='toasts'>",
        "<li id='comments'>",
    ):
        assert Executable(html).found


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>\n"),
        ("see https://e.x/a", '<p>see <a href="https://e.x/a" rel="noopener nofollow">https://e.x/a</a></p>\n'),
        ("[n](/notes/a)", '<p><a href="/notes/a" rel="noopener nofollow">n</a></p>\n'),
        ("README.md", "<p>README.md</p>\n"),
        ("![cake](https://e.x/c.png)", '<p><a href="https://e.x/c.png" rel="noopener nofollow">cake</a></p>\n'),
        ("- [x] a\n- [ ] b", '<ul>\n<li class="task"><input disabled="" checked="" aria-label="done" data-line="0" data-task="e8b7be43" type="checkbox"> a</li>\n'
         '<li class="task"><input disabled="" aria-label="to do" data-line="1" data-task="71beeff9" type="checkbox"> b</li>\n</ul>\n'),
        ("|a|\n|-:|\n|1|", '<div class="scroll" tabindex="0" role="group" aria-label="Table">\n<table>\n<thead>\n<tr>\n<th class="align-right">a</th>\n</tr>\n</thead>\n'
         '<tbody>\n<tr>\n<td class="align-right">1</td>\n</tr>\n</tbody>\n</table>\n</div>\n'),
        ("```py\n<a>\n```\n\n    b", '<pre tabindex="0" role="group" aria-label="Code"><code>&lt;a&gt;\n</code></pre>\n'
         '<pre tabindex="0" role="group" aria-label="Code"><code>b\n</code></pre>\n'),
        ("a\n\n# שלום\n\n- a\n- שלום", '<p>a</p>\n<h1 id="h-שלום" dir="auto">שלום</h1>\n<ul dir="auto">\n<li>a</li>\n<li>שלום</li>\n</ul>\n'),
        ("a\nb  \nc", '<p>a<br>\nb<br class="hard">\nc</p>\n'),
        ("a[^n]\n\n[^n]: b", '<p>a<sup><a href="#fn-1" id="fn-1-ref" role="doc-noteref" aria-label="Footnote 1" rel="noopener nofollow">1</a></sup></p>\n'
         '<section class="footnotes" role="doc-endnotes" aria-label="Footnotes">\n<ol>\n<li id="fn-1"><p>b '
         '<a href="#fn-1-ref" role="doc-backlink" aria-label="Back to footnote 1" rel="noopener nofollow">↩\ufe0e</a></p>\n</li>\n</ol>\n</section>\n'),
        ("", ""),
    ],
)  # fmt: skip
def test_markdown_is_commonmark_with_tables_tasks_strikethrough_and_links(source, html):
    assert markdown.render(source).html == html


@pytest.mark.parametrize(
    ("source", "excerpt"),
    [
        ("# Menu\n\nSoup & *bread*\n\n- a\n- b", "Menu Soup & bread a b"),
        ("<b>not bold</b>", "<b>not bold</b>"),
        ("", ""),
        ("x" * 160, "x" * 160),
        ("x" * 161, "x" * 159 + "…"),
        ("word " * 40, ("word " * 32)[:159].rstrip() + "…"),
        ("said[^1]\nand kept\n\n[^1]: there", "said and kept there"),
        ("```py\ndef f(): pass\n```", "def f(): pass"),
    ],
)
def test_an_excerpt_is_the_beginning_without_marks(source, excerpt):
    assert markdown.render(source).excerpt == excerpt
    assert len(excerpt) <= 160


def test_a_source_that_makes_far_more_html_than_it_is_long_is_shown_as_written():
    bomb = "```\n" * 40_000
    rendered = markdown.render(bomb)
    assert rendered.html.startswith(
        '<pre tabindex="0" role="group" aria-label="Text" dir="auto">```\n'
    )
    assert len(rendered.html) < 2 * len(bomb)


@pytest.mark.parametrize(
    "source",
    [
        "|a" * 350 + "\n" + "|-" * 350 + "\n" + "|\n" * 497,
        ("|a" * 40 + "\n" + "|-" * 40 + "\n" + "|\n" * 49 + "\n") * 500,
        "> " + "|a" * 350 + "\n> " + "|-" * 350 + "\n" + "> |\n" * 497,
        "[a]: " + "b" * 900 + "\n\n" + "[a]" * 300,
        "[a]: b '" + "c" * 900 + "'\n\n" + "[a]" * 300,
        "[a]: " + "b" * 9000 + "\n\n" + "![x][a]" * 3000,
        "[a]: /" + "é" * 900 + "\n\n" + "[a]" * 300,
        "[a]: b (" + "&quot;" * 200 + ")\n\n" + "[a]" * 300,
        "```\n" * 500,
        "- [ ] a\n" * 250,
        "http://a." * 220,
        '"' * 1000,
        "#\n" * 1000,
        "- - - - - - - - a\n" * 100,
        "1. " * 300,
        "a\n" * 1000,
        "[^1]: a\n\n" + "[^1]" * 1000,
        "".join(f"[^{n}]: a\n\n[^{n}] " for n in range(200)),
        "```py\n" + "1'' " * 500 + "\n```",
    ],
    ids=range(19),
)
def test_promise_html_grows_in_proportion_to_its_source(source):
    assert len(markdown.render(source).html) <= 24 * len(source) + 40_000


def test_what_is_over_the_bound_is_shown_as_it_was_written():
    source = "|a" * 350 + "\n" + "|-" * 350 + "\n" + "|\n" * 20 + "|last\n"
    assert "|last" in markdown.render(source).html
    definition = "[a]: " + "b" * 900 + "\n\n"
    assert markdown.render(definition + "[a]\n\n" * 300).html.endswith("<p>[a]</p>\n")


def test_a_table_may_leave_out_some_cells_of_each_row():
    rows = "".join(f"|{n}|\n" for n in range(300))
    html = markdown.render("|a|b|c|\n|-|-|-|\n" + rows).html
    assert html.count("<tr>") == 301


def shown(source: str) -> str:
    """What a reader sees of it, addresses of links included."""
    html = markdown.render(source).html
    addresses = re.findall(r'href="([^"]*)"', html)
    return entities.unescape(" ".join([re.sub(r"<[^>]*>", "", html), *addresses]))


@pytest.mark.parametrize(
    "source",
    [
        *("".join("  " * level + f"- l{level}\n" for level in range(n)) for n in (9, 10, 40)),
        *("".join("   " * level + f"1. l{level}\n" for level in range(n)) for n in (10, 40)),
        *(">" * n + " deep\n" for n in (19, 20, 21, 59, 60, 61, 500)),
        "> - " * 40 + "deep\n\nafter\n",
        "- " * 200 + "deep\n",
        "[" * 60 + "deep" + "](x)" * 60,
        "*a " * 90 + "deep" + "*" * 90,
        "[call](tel:+491234) [write](sms:+491234) [get](ftp://files.example/a)",
        "[x](foo:bar) <foo:bar> [y](obsidian://open?x) [z](javascript:alert)",
        "[x](data:text/html,y) ![z](foo:pic)",
        "[x](http://[) [y](//host/path) [z](a%zz)",
        "[![badge](https://i.example/b.svg)](https://ci.example/)",
        "[![](https://i.example/b.svg)](https://ci.example/)",
        "[](https://empty.example/) ![](https://i.example/) ![`code`](https://j.example/)",
        "[a ![p](https://i.example/p.png) b](https://both.example/)",
        '[foo]\n\n[foo]: tel:+49123 "t"',
        "[^a]: alone\n\ntext",
        "one[^a]\n\n[^a]: first\n\n[^a]: second",
        "one[^a]\n\n[^a]: first\n\n    [^b]: inside\n\n    after[^b]\n\nlast",
        "[^a b]: space\n\n> [^q]: quoted\n\n- [^l]: listed\n\ntext[^unknown] [^q] [^l]",
        "![cake[^1]](https://e.x/c.png) [a[^1]b](https://e.x/)\n\n[^1]: sweet",
        "[^" * 500 + "end\n\n[^1]: x",
        '```1\nx = """open \\\n```\n\n    def f(): pass',
    ],
    ids=range(32),
)
def test_promise_nothing_that_was_written_vanishes(source):
    rendered = shown(source)
    # The number of an ordered list, a title, the name of a footnote that has its number.
    unseen = r'(?m)^ *1\. |"t"|\[\^[aql1]\]|```1'
    for word in re.findall(r"\w+", re.sub(unseen, " ", source)):
        assert word in rendered


@pytest.mark.parametrize(
    "scheme", ["tel:+491", "sms:+491", "ftp://a/b", "mailto:a@b", "/x", "#x"]
)
def test_ordinary_addresses_are_links(scheme):
    assert f'<a href="{scheme}"' in markdown.render(f"[x]({scheme})").html


def test_a_badge_leads_where_its_link_leads_and_its_picture_stays_reachable():
    html = markdown.render("[![built](https://i.example/b.svg)](https://ci.example/)").html
    links = re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', html)
    assert links == [
        ("https://ci.example/", "built"),
        ("https://i.example/b.svg", "picture"),
    ]


def test_headings_have_ids_that_links_of_the_note_lead_to():
    source = (
        "# Über uns, *kurz*!\n## A b\n## A b\n### !\n[go](#a-b) [hin](#über-uns-kurz) [no](#x)"
    )
    html = markdown.render(source).html
    assert re.findall(r' id="([^"]*)"', html) == [
        "h-über-uns-kurz",
        "h-a-b",
        "h-a-b-1",
        "h-section",
    ]
    targets = re.findall(r'href="([^"]*)"', html)
    assert targets == ["#h-a-b", "#h-%C3%BCber-uns-kurz", "#x"]
