"""Promise: two changes that go together lose nothing, and what is doubtful is asked."""

import random

import pytest
from notes_web.text.merge import Text, merge

BASE = "Menu\n\nSoup\n\nBread\n\nCake\n"


def body(base: str, theirs: str, mine: str) -> str | None:
    merged = merge(Text("T", base), Text("T", theirs), Text("T", mine))
    return merged.body if merged else None


def test_changes_in_different_places_go_together():
    theirs, mine = BASE.replace("Soup", "Hot soup"), BASE.replace("Cake", "Two cakes")
    assert body(BASE, theirs, mine) == "Menu\n\nHot soup\n\nBread\n\nTwo cakes\n"


def test_each_line_says_whose_it_is_and_what_was_taken_out():
    merged = merge(Text("T", "a\nb\nc\nd"), Text("T", "a\nc\nd"), Text("T", "a\nb\nc\ne"))
    assert merged is not None
    marks = [(line.text, line.by, line.is_removed) for line in merged.lines]
    assert marks == [
        ("a", None, False),
        ("b", "theirs", True),
        ("c", None, False),
        ("d", "mine", True),
        ("e", "mine", False),
    ]
    assert merged.body == "a\nc\ne"


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        (BASE.replace("Soup", "Stew"), BASE.replace("Soup", "Broth")),
        (BASE + "Tea\n", BASE + "Coffee\n"),
        (BASE.replace("Soup\n", ""), BASE.replace("Soup", "Soup, hot")),
        ("a\nX\nc", "a\nb\nY"),  # neighbours: together they may say what neither meant
    ],
)
def test_changes_of_one_place_are_for_people(theirs, mine):
    base = "a\nb\nc" if theirs.startswith("a\n") else BASE
    assert body(base, theirs, mine) is None


def test_the_same_change_made_twice_is_one():
    both = BASE.replace("Soup", "Stew")
    assert body(BASE, both, both) == both
    assert body(BASE, both, both.replace("Cake", "Pie")) == both.replace("Cake", "Pie")


def test_whoever_changed_nothing_leaves_the_other_text_to_the_letter():
    other = "\n  two  spaces\n\n\n"
    assert body(BASE, other, BASE) == other
    assert body(BASE, BASE, other) == other


@pytest.mark.parametrize(
    ("theirs", "mine", "title"),
    [("T", "T", "T"), ("A", "T", "A"), ("T", "B", "B"), ("A", "A", "A"), ("A", "B", None)],
)
def test_titles_go_together_like_texts(theirs, mine, title):
    merged = merge(Text("T", "x"), Text(theirs, "x"), Text(mine, "x"))
    assert (merged.title if merged else None) == title


def test_promise_no_line_that_either_put_in_is_ever_missing():
    chance = random.Random(7)
    for _ in range(300):
        base = [f"line {number}" for number in range(chance.randrange(12))]
        theirs, mine = _changed(base, chance, "theirs"), _changed(base, chance, "mine")
        united = body("\n".join(base), "\n".join(theirs), "\n".join(mine))
        if united is None:
            continue
        lines = united.split("\n")
        for text in {*theirs, *mine} - set(base):
            assert text in lines
        for text in set(base) & set(theirs) & set(mine):
            assert text in lines


def _changed(base: list[str], chance: random.Random, who: str) -> list[str]:
    lines = list(base)
    for number in range(chance.randrange(3)):
        at = chance.randrange(len(lines) + 1)
        lines[at : at + chance.randrange(2)] = [f"{who} {number}"] * chance.randrange(2)
    return lines
