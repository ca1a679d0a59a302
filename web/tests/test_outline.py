"""The table of contents of a note, and the lines of its text, as the server renders them."""

import re

from browsing import PUBLIC_URL, web_settings
from notes_web.text.outline import MOST, Heading, outline

FOUR = (
    '<h2 id="h-a">A &amp; <em>b</em></h2>\n<blockquote>\n<h3 id="h-x" dir="auto">שלום</h3>\n'
    '</blockquote><p>h4</p><h2 id="h-&quot;">Two<br>\nlines</h2>\n<h6 id="h-6">Last</h6>'
)


def test_an_outline_has_each_heading_with_its_level_counted_from_the_highest():
    assert outline(FOUR) == [
        Heading("h-a", 1, "A & b"),
        Heading("h-x", 2, "שלום"),
        Heading('h-"', 1, "Two lines"),
        Heading("h-6", 5, "Last"),
    ]


def test_a_note_of_three_headings_has_none():
    assert outline(FOUR.partition("<h6")[0]) == []


def test_a_note_of_very_many_headings_has_the_first_of_them():
    html = "".join(f'<h1 id="h-{n}">{n}</h1>' for n in range(5000))
    assert [heading.text for heading in outline(html)] == [str(n) for n in range(MOST)]


async def test_a_page_has_it_as_links_that_work_without_a_script(browse, backends):
    backends.notes.put("menu", "Menu", "x")["html"] = FOUR
    page = await browse().get("/notes/menu")
    links = re.findall(r'<li data-level="(\d)"><a [^>]*href="([^"]*)">', page.text)
    assert links == [
        ("1", "#h-a"),
        ("2", "#h-x"),
        ("1", "#h-%22"),
        ("5", "#h-6"),
    ]
    assert 'aria-label="Contents" hidden' not in page.text
    backends.notes.put("short", "Short", "x")
    assert 'aria-label="Contents" hidden' in (await browse().get("/notes/short")).text


async def test_a_site_whose_lines_are_joined_says_so_to_its_style_sheet(serve, backends):
    backends.notes.put("menu", "Menu", "x")
    for is_broken in (True, False):
        client = await serve(web_settings(line_breaks=is_broken), PUBLIC_URL)
        page = (await client.get("/notes/menu")).text
        assert ('data-lines="joined"' in page) is not is_broken
