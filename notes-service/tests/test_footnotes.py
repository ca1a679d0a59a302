"""Footnotes lead there and back, within bounds."""

import re

from notes_service.text.markup import footnotes, markdown


def html(source: str) -> str:
    return markdown.render(source).html


def links(source: str) -> list[tuple[str, str]]:
    return re.findall(r'<a href="(#[^"]*)"[^>]* aria-label="([^"]*)"', html(source))


def test_footnotes_are_numbered_as_the_text_refers_to_them_and_lead_back():
    source = "one[^b] two[^a] three[^b]\n\n[^a]: first written\n[^b]: second written"
    assert links(source) == [
        ("#fn-1", "Footnote 1"),
        ("#fn-2", "Footnote 2"),
        ("#fn-1", "Footnote 1"),
        ("#fn-1-ref", "Back to footnote 1"),
        ("#fn-1-ref-2", "Back to place 2 of footnote 1"),
        ("#fn-2-ref", "Back to footnote 2"),
    ]
    made = html(source)
    ids = re.findall(r' id="([^"]*)"', made)
    assert sorted(ids) == ["fn-1", "fn-1-ref", "fn-1-ref-2", "fn-2", "fn-2-ref"]
    assert made.index("second written") < made.index("first written")


def test_one_that_nothing_refers_to_stands_last():
    made = html("[^x]: alone\n\n[^a]: said\n\ntext[^a]")
    assert made.index('id="fn-1"') < made.index("said") < made.index('id="fn-2"')
    assert made.index('id="fn-2"') < made.index("alone")


def test_no_heading_takes_the_place_of_a_footnote():
    made = html("# fn-1\n\n# fn-1-ref\n\na[^1]\n\n[^1]: b")
    ids = re.findall(r' id="([^"]*)"', made)
    assert len(set(ids)) == len(ids) == 4


def test_a_footnote_leads_back_to_so_many_places():
    made = html("[^1] " * 100 + "\n\n[^1]: b")
    assert made.count('role="doc-noteref"') == 100
    assert made.count('role="doc-backlink"') == made.count("-ref") / 2 == footnotes.BACK_LINKS


def test_over_the_bound_a_reference_stays_as_it_was_written():
    made = html("[^1]\n\n" * 2000 + "[^1]: b")
    assert made.count("<p>[^1]</p>") > 1000
    assert 500 <= made.count('role="doc-noteref"') < 1000


def test_a_picture_is_no_place_to_come_back_to():
    made = html("![cake[^1]](/c.png) and[^1]\n\n[^1]: sweet")
    assert "cake[^1]</a>" in made
    assert made.count('id="fn-1-ref"') == made.count('href="#fn-1-ref"') == 1
    assert "ref-2" not in made


def test_a_footnote_finds_its_own_direction():
    made = html("a[^1]\n\n[^1]: שלום")
    assert made.startswith("<p>a")
    assert re.search(r'<section [^>]*dir="auto"', made)
