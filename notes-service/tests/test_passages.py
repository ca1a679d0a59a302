"""A passage shows what a note says, not how its Markdown is written."""

import pytest
from notes_service.text import passages, search


def shown(body: str, typed: str) -> str:
    return "".join(piece.text for piece in passages.passage(body, search.parse(typed)))


@pytest.mark.parametrize(
    ("body", "passage"),
    [
        ("| Name | Price |\n|:-----|------:|\n| pears | 2 |", "Name Price pears 2"),
        ("Name | Price\n--- | ---\npears | 2", "Name Price pears 2"),
        ("before\n\n---\n\npears\n===\n\nafter", "before pears after"),
        ("[the pears](https://example.org/a_b) are here", "the pears are here"),
        ("![pears](https://example.org/p.png) and more", "pears and more"),
        ("- pears\n+ apples\n* plums\n1. figs", "pears apples plums 1. figs"),
        ("```python\npears = 2 - 1\n```", "python pears = 2 - 1"),
        ("pears - not plums - at 3:30", "pears - not plums - at 3:30"),
    ],
)  # fmt: skip
def test_a_passage_has_no_marks_of_markdown(body, passage):
    assert shown(body, "pears") == passage


def test_an_address_is_shown_where_it_is_what_was_found():
    assert "/pears" in shown("the [fruit](https://example.org/pears) of today", "pears")


def test_half_a_link_at_the_end_of_a_passage_is_no_link_any_more():
    body = "pears " + "and more " * 20 + "[here](https://example.org/a/very/long/path)"
    assert "https" not in shown(body, "pears")
    assert shown(body, "pears").endswith("here…")
