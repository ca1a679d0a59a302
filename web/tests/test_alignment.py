"""Promise: two texts are compared and merged in a bounded number of steps, whatever their
lines; always with an answer, which is the same everywhere, and without losing a word.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from notes_web.text import alignment, diff, merge
from notes_web.text.merge import Text

pytestmark = pytest.mark.slow

LIMIT = 256 * 1024
CHANCE = random.Random(8)


def _few(kinds: int, lines: int) -> str:
    return "\n".join(str(CHANCE.randrange(kinds)) for _ in range(lines))


def _shuffled(lines: int) -> str:
    return "\n".join(map(str, CHANCE.sample(range(lines), lines)))


def _nested(lines: int) -> str:
    """Taking one anchor away makes the next line an anchor."""
    return "\n".join(f"x{at}\nx{at + 1}\ny{CHANCE.random() < 0.1}" for at in range(lines))


HOSTILE: dict[str, Callable[[], str]] = {
    "one-letter lines": lambda: "a\n" * (LIMIT // 2),
    "two letters": lambda: "a\nb\n" * (LIMIT // 4),
    "empty lines": lambda: "\n" * LIMIT,
    "one long line": lambda: "a" * LIMIT,
    "two kinds": lambda: _few(2, 60_000),
    "a hundred kinds": lambda: _few(100, 60_000),
    "ten thousand kinds": lambda: _few(10_000, 40_000),
    "a small one of two kinds": lambda: _few(2, 3000),
    "shuffled": lambda: _shuffled(40_000),
    "nested": lambda: _nested(15_000),
    "a list with blank lines": lambda: "\n\n".join(
        f"- {CHANCE.choice('ab')}{at}" for at in range(20_000)
    ),
}


@pytest.fixture(scope="module")
def hostile() -> dict[str, str]:
    texts = {name: make()[:LIMIT] for name, make in HOSTILE.items()}
    return texts | {"nothing": ""}


def _couples(texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each with itself a little changed, and with its neighbour."""
    around = [*texts.values()]
    for text, other in zip(around, around[1:] + around[:1], strict=True):
        lines = text.split("\n")
        del lines[len(lines) // 2 :: 7]
        yield text, "\n".join([*lines[::-1][:3], *lines])
        yield text, other


class Steps:
    """What the costly part is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken = 0
        self._real = alignment.longest_common_subsequence
        monkeypatch.setattr(alignment, "longest_common_subsequence", self)

    def __call__(self, a: list[str], b: list[str]) -> list[tuple[int, int]]:
        self.taken += len(a) * len(b)
        return self._real(a, b)


def test_promise_any_two_texts_are_compared_within_the_budget_and_whole(hostile, monkeypatch):
    steps = Steps(monkeypatch)
    for theirs, mine in _couples(hostile):
        steps.taken = 0
        old, new = theirs.split("\n"), mine.split("\n")
        at = new_at = 0
        comparison = alignment.Alignment(old, new)
        for pair in comparison.pairs():
            assert (pair.a >= at, pair.b >= new_at, pair.lines > 0) == (True, True, True)
            at, new_at = pair.a + pair.lines, pair.b + pair.lines
            assert old[pair.a : at] == new[pair.b : new_at]
        assert steps.taken <= alignment.STEPS
        assert comparison.steps_left >= 0


def test_promise_a_page_of_any_two_texts_holds_every_line_in_a_bounded_number_of_rows(hostile):
    for theirs, mine in _couples(hostile):
        rows = diff.compare(theirs, mine)
        assert len(rows) <= diff.MAX_ROWS
        assert "\n".join(row.text for row in rows if row.kind != "mine") == theirs
        assert "\n".join(row.text for row in rows if row.kind != "theirs") == mine


def test_promise_a_merge_of_any_texts_loses_no_line_and_invents_none(hostile):
    texts = [text[: LIMIT // 16] for text in hostile.values()]
    answers = 0
    for base in texts:
        lines = base.split("\n")
        half = len(lines) // 2
        for theirs, mine in (
            (["begin", *lines], [*lines, "end"]),
            (lines[: half // 2] + lines[half:], [*lines[:-5], "x", *lines[-5:]]),
            (["!" + line for line in lines[:half]] + lines[half:], [*lines, "end"]),
            (lines[::2], lines[1::2]),
        ):
            answers += _nothing_is_lost(base, "\n".join(theirs), "\n".join(mine))
    assert answers >= 2 * len(texts)


def test_promise_small_merges_of_repeated_lines_lose_nothing():
    for _ in range(3000):
        base = [CHANCE.choice("ab\n ") for _ in range(CHANCE.randrange(9))]
        theirs, mine = _edited(base), _edited(base)
        _nothing_is_lost("\n".join(base), "\n".join(theirs), "\n".join(mine))


def _edited(lines: list[str]) -> list[str]:
    edited = list(lines)
    for _ in range(CHANCE.randrange(3)):
        at = CHANCE.randrange(len(edited) + 1)
        edited[at : at + CHANCE.randrange(3)] = CHANCE.choices("abc", k=CHANCE.randrange(3))
    return edited


def _nothing_is_lost(base: str, theirs: str, mine: str) -> bool:
    """Each line as often as it was, and what each side put in or took out; whatever both did
    alike counts once.
    """
    merged = merge.merge(Text("T", base), Text("T", theirs), Text("T", mine))
    united = diff.unite(theirs, mine)
    for side in (theirs, mine):
        assert not Counter(side.split("\n")) - Counter(united.split("\n"))
    if merged is None:
        return False
    assert len(merged.lines) <= diff.MAX_ROWS
    before, left, right, after = (
        Counter(text.split("\n")) for text in (base, theirs, mine, merged.body)
    )
    for line in before | left | right | after:
        by_left, by_right = left[line] - before[line], right[line] - before[line]
        least, most = sorted((before[line] + by_left + by_right, before[line]))
        alike = {before[line] + by_left, before[line] + by_right}
        assert after[line] in range(min(least, *alike), max(most, *alike) + 1), repr(line)
        if min(by_left, by_right) >= 0:
            assert after[line] >= before[line] + max(by_left, by_right), repr(line)
    return True


@pytest.mark.parametrize("kinds", [1, 2, 3, 8])
def test_small_texts_pair_as_many_lines_as_there_can_be(kinds):
    for _ in range(200):
        a, b = (
            [CHANCE.choice("abcdefgh"[:kinds]) for _ in range(CHANCE.randrange(20))]
            for _ in range(2)
        )
        found = alignment.longest_common_subsequence(a, b)
        assert found == sorted(set(found))
        assert all(a[row] == b[column] for row, column in found)
        assert len(found) == _longest(a, b)


def _longest(a: list[str], b: list[str]) -> int:
    row = [0] * (len(b) + 1)
    for line in a:
        before = row[:]
        for at, other in enumerate(b):
            row[at + 1] = before[at] + 1 if line == other else max(before[at + 1], row[at])
    return row[-1]


def test_an_ordinary_long_list_is_merged():
    items = [line for at in range(1500) for line in (f"- item {at}", "")]
    theirs, mine = list(items), list(items)
    theirs[1000] = "- changed by them"
    mine[::50] = [f"{line}!" for line in mine[::50]]
    mine[1000] = items[1000]
    merged = merge.merge(*(Text("T", "\n".join(each)) for each in (items, theirs, mine)))
    assert merged is not None
    assert "- changed by them\n" in merged.body
    assert merged.body.count("!") == 59
