"""Which lines of two texts stand for each other, within a fixed number of steps. Pure.

Promise: always an answer, the same one on every machine, and never a wrong one: a pair holds
equal lines, and pairs never cross. Lines that stand once in both texts are anchors; what lies
between them is compared by longest common subsequence, a row of bits at a time. Steps are
counted, not seconds: a region that would cost more than is left stays unpaired as a whole.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import compress, count, pairwise
from operator import ne
from typing import Final, NamedTuple

STEPS: Final = 96_000_000
"""One step compares one line with one other: some 0.4 ns, as they are taken 30 at a time."""
_LINE_STEPS: Final = 800
_ROW_STEPS: Final = 2048


class Pair(NamedTuple):
    """Equal lines, `lines` of them, from these places on."""

    a: int
    b: int
    lines: int


class _Region(NamedTuple):
    a: int
    a_end: int
    b: int
    b_end: int

    @property
    def lines(self) -> int:
        return self.a_end - self.a + self.b_end - self.b


class Alignment:
    """Of two texts, as lists of lines. What is in no pair stands only in one of them."""

    def __init__(self, a: Sequence[str], b: Sequence[str], *, steps: int | None = None) -> None:
        """`steps` is what it may cost, where it shares a budget with others."""
        self._a, self._b = a, b
        own = STEPS + _LINE_STEPS * (len(a) + len(b))
        self.steps_left = own if steps is None else steps

    def pairs(self) -> list[Pair]:
        """In order, none beside another one that could be part of it."""
        return list(_joined(self._found()))

    def _found(self) -> Iterator[Pair]:
        # A stack of its own: regions lie in each other as deep as a hostile text wants.
        waiting: list[_Region | Pair] = [_Region(0, len(self._a), 0, len(self._b))]
        while waiting:
            match waiting.pop():
                case Pair() as pair:
                    yield pair
                case _Region() as region:
                    waiting += reversed(list(self._split(region)))

    def _split(self, region: _Region) -> Iterator[_Region | Pair]:
        inner = self._without_equal_ends(region)
        if head := inner.a - region.a:
            yield Pair(region.a, region.b, head)
        if inner.a < inner.a_end and inner.b < inner.b_end and self._may(inner):
            yield from self._paired_inside(inner)
        if tail := region.a_end - inner.a_end:
            yield Pair(inner.a_end, inner.b_end, tail)

    def _may(self, region: _Region) -> bool:
        return self._take(_LINE_STEPS * region.lines)

    def _take(self, steps: int) -> bool:
        if steps > self.steps_left:
            return False
        self.steps_left -= steps
        return True

    def _without_equal_ends(self, region: _Region) -> _Region:
        a, a_end, b, b_end = region
        size = min(a_end - a, b_end - b)
        head = _first_difference(self._a[a : a + size], self._b[b : b + size])
        size -= head
        tails = self._a[a_end - size : a_end][::-1], self._b[b_end - size : b_end][::-1]
        tail = _first_difference(*tails)
        return _Region(a + head, a_end - tail, b + head, b_end - tail)

    def _paired_inside(self, region: _Region) -> Iterator[_Region | Pair]:
        in_a = Counter(self._a[region.a : region.a_end])
        in_b = Counter(self._b[region.b : region.b_end])
        common = in_a.keys() & in_b.keys()
        if not common:
            return
        once = {line for line in common if in_a[line] == in_b[line] == 1}
        if not once:
            yield from self._subsequence(region, common)
            return
        edges = [(region.a - 1, region.b - 1), *self._anchors(region, once)]
        for (a, b), (next_a, next_b) in pairwise([*edges, (region.a_end, region.b_end)]):
            if a >= region.a:
                yield Pair(a, b, 1)
            yield _Region(a + 1, next_a, b + 1, next_b)

    def _anchors(self, region: _Region, once: set[str]) -> list[tuple[int, int]]:
        """The most that do not cross: the longest rising run of their places in b."""
        place = {self._b[b]: b for b in range(region.b, region.b_end) if self._b[b] in once}
        met = [
            (a, place[self._a[a]]) for a in range(region.a, region.a_end) if self._a[a] in once
        ]
        ends: list[int] = []
        last: list[int] = []
        before: list[int] = []
        for at, (_, b) in enumerate(met):
            length = bisect_left(ends, b)
            before.append(last[length - 1] if length else -1)
            ends[length : length + 1] = [b]
            last[length : length + 1] = [at]
        chosen: list[tuple[int, int]] = []
        at = last[-1]
        while at >= 0:
            chosen.append(met[at])
            at = before[at]
        return chosen[::-1]

    def _subsequence(self, region: _Region, common: set[str]) -> Iterator[Pair]:
        a = [at for at in range(region.a, region.a_end) if self._a[at] in common]
        b = [at for at in range(region.b, region.b_end) if self._b[at] in common]
        if self._take(len(a) * (len(b) + _ROW_STEPS)):
            lines = [self._a[at] for at in a], [self._b[at] for at in b]
            for row, column in longest_common_subsequence(*lines):
                yield Pair(a[row], b[column], 1)


def _first_difference(a: Sequence[str], b: Sequence[str]) -> int:
    """Of two that are equally long: their length if they are equal."""
    return next(compress(count(), map(ne, a, b)), len(a))


def longest_common_subsequence(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Places of equal lines, as many as there can be in order.

    Hyyrö's bit-parallel form: after row i, bit j is 0 where line j of `b` makes the longest
    subsequence longer by one. Rows are kept, and walked back from the end.
    """
    size = (len(b) + 7) // 8
    masks = _masks(a, b, size)
    full = (1 << len(b)) - 1
    row = full
    rows = [row.to_bytes(size, "little")]
    for line in a:
        hit = row & masks[line]
        row = ((row + hit) | (row - hit)) & full
        rows.append(row.to_bytes(size, "little"))
    found: list[tuple[int, int]] = []
    i, j = len(a), len(b)
    while i and j:
        byte, bit = (j - 1) >> 3, 1 << ((j - 1) & 7)
        if rows[i][byte] & bit:
            j -= 1
            continue
        i -= 1
        if rows[i][byte] & bit:
            j -= 1
            found.append((i, j))
    return found[::-1]


def _masks(a: Sequence[str], b: Sequence[str], size: int) -> dict[str, int]:
    bits = {line: bytearray(size) for line in set(a)}
    for at, line in enumerate(b):
        if (mask := bits.get(line)) is not None:
            mask[at >> 3] |= 1 << (at & 7)
    return {line: int.from_bytes(mask, "little") for line, mask in bits.items()}


def _joined(found: Iterator[Pair]) -> Iterator[Pair]:
    whole: Pair | None = None
    for pair in found:
        if whole and (whole.a + whole.lines, whole.b + whole.lines) == (pair.a, pair.b):
            whole = Pair(whole.a, whole.b, whole.lines + pair.lines)
            continue
        if whole:
            yield whole
        whole = pair
    if whole:
        yield whole
