"""Promise: a comparison of two versions shows every changed line, marks the words that changed,
and is bounded in steps and rows; the same texts always give the same rows.
"""

import random
from collections.abc import Callable

import pytest
from notes_web.text import changes
from notes_web.text.changes import MAX_ROWS, Row

CHANCE = random.Random(9)


def said(row: Row) -> str:
    sign = {"same": " ", "removed": "-", "added": "+", "folded": "@"}[row.kind]
    pieces = "".join(f"[{text}]" if changed else text for text, changed in row.pieces)
    return f"{sign}{row.hidden or pieces}"


def between(old: str, new: str) -> list[str]:
    return [said(row) for row in changes.between(old, new)]


CASES: dict[str, tuple[str, str, list[str]]] = {
    "nothing": ("a\nb", "a\nb", ["@2"]),
    "a word": ("the red fox ran", "the blue fox ran", ["-the [red] fox ran",
               "+the [blue] fox ran"]),
    "neighbours and the space between": (
        "one two three four five six",
        "one zwei drei four five six",
        ["-one [two three] four five six", "+one [zwei drei] four five six"],
    ),
    "a word more": ("soup and bread", "soup and good bread",
                    ["-soup and bread", "+soup and [good ]bread"]),
    "a line more": ("a\nc", "a\nb\nc", [" a", "+b", " c"]),
    "a line less": ("a\nb\nc", "a\nc", [" a", "-b", " c"]),
    "nothing in common": ("cheese", "bread", ["-cheese", "+bread"]),
    "letters of a script without spaces": (
        "今日は寒いです", "今日は暑いです", ["-今日は[寒]いです", "+今日は[暑]いです"]
    ),
    "a combining mark stays with its letter": (
        "नमस्ते दुनिया आज", "नमस्ते दोस्त आज", ["-नमस्ते [दुनिया] आज", "+नमस्ते [दोस्त] आज"]
    ),
    "a line that was split": (
        "one two three four", "one two\nthree four",
        ["-one two[ ]three four", "+one two", "+three four"]
    ),
    "from nothing": ("", "a", ["-", "+a"]),
    "a long run that stayed": (
        "\n".join("abcdefghij") + "\nend", "\n".join("abcdefghij") + "\nfin",
        ["@7", " h", " i", " j", "-end", "+fin"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_changed(name: str) -> None:
    old, new, rows = CASES[name]
    assert between(old, new) == rows


def test_a_title_is_one_line() -> None:
    assert [said(row) for row in changes.of_line("Menu", "Menu")] == [" Menu"]
    assert [said(row) for row in changes.of_line("The menu", "The list")] == [
        "-The [menu]",
        "+The [list]",
    ]


def texts() -> list[tuple[str, str]]:
    words = ["a", "b", " ", "\n", "c d", ".", "é", "字", "\t", "x" * 30]
    made = ["".join(CHANCE.choices(words, k=CHANCE.randrange(60))) for _ in range(200)]
    return list(zip(made[::2], made[1::2], strict=True))


def test_promise_both_texts_are_whole_in_their_comparison() -> None:
    for old, new in texts():
        rows = changes.between(old, new)
        for kind, text in (("removed", old), ("added", new)):
            left = text.split("\n")
            lines: list[str] = []
            for row in rows:
                if row.kind == "folded":
                    lines += left[len(lines) : len(lines) + row.hidden]
                elif row.kind in ("same", kind):
                    lines.append("".join(piece.text for piece in row.pieces))
            assert lines == left


HOSTILE: dict[str, Callable[[int], str]] = {
    "two words": lambda seed: "a b " * (30_000 + seed),
    "two kinds of lines": lambda seed: _few(2, 60_000, seed),
    "a hundred kinds of words": lambda seed: _few(100, 60_000, seed).replace("\n", " "),
    "empty lines": lambda seed: "\n" * (200_000 + seed) + "a\n" * seed,
    "every other line": lambda seed: "\n".join(
        f"{at} of {seed if at % 2 else 0}" for at in range(20_000)
    ),
    "one word in each of many lines": lambda seed: "\n".join(
        f"line {at}, word {seed}" for at in range(12_000)
    ),
}


def _few(kinds: int, lines: int, seed: int) -> str:
    chance = random.Random(seed)
    return "\n".join(str(chance.randrange(kinds)) for _ in range(lines))


@pytest.mark.parametrize("name", HOSTILE)
def test_promise_a_hostile_pair_of_texts_is_compared_within_the_bounds(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent: list[int] = []
    whole = changes.Alignment.pairs

    def counted(alignment: changes.Alignment) -> list[changes.Pair]:
        before = alignment.steps_left
        found = whole(alignment)
        assert alignment.steps_left >= 0
        spent.append(before - alignment.steps_left)
        return found

    monkeypatch.setattr(changes.Alignment, "pairs", counted)
    old, new = HOSTILE[name](1), HOSTILE[name](2)
    rows = changes.between(old, new)
    assert len(rows) <= MAX_ROWS
    assert sum(len(row.pieces) for row in rows) <= changes.MAX_PIECES + MAX_ROWS
    # The first alignment is that of the lines, which has a budget of its own.
    assert sum(spent[1:]) <= changes.WORD_STEPS
    assert changes.between(old, new) == rows
