"""The longest pause of a server's event loop during a workload, from its metrics page.

A histogram counts for ever, so what a workload added is the difference of two looks; the
answer is the upper bound of the highest bucket that grew.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import pairwise
from math import inf
from typing import Final

import httpx

_BUCKET: Final = re.compile(
    r'^\w*loop_pause\w*_bucket{(?:[^}]*,)?le="([^"]+)"} ([0-9.e+]+)$', re.MULTILINE
)

Buckets = Mapping[float, float]
"""How many pauses were at most so many seconds long."""


def look(metrics: str | None) -> Buckets:
    """Empty when the server does not tell, or cannot be asked."""
    if metrics is None:
        return {}
    with suppress(httpx.HTTPError):
        return read(httpx.get(metrics, timeout=5).text)
    return {}


def read(page: str) -> Buckets:
    """The buckets of the pauses in a page of metrics."""
    return {float(bound): float(count) for bound, count in _BUCKET.findall(page)}


def longest_ms(before: Buckets, after: Buckets) -> float | None:
    """None when nothing is known. A server that was started again counts from nothing."""
    was_restarted = any(after.get(bound, 0) < count for bound, count in before.items())
    grown = [
        (bound, count - (0 if was_restarted else before.get(bound, 0)))
        for bound, count in sorted(after.items())
    ]
    longer = [
        bound for (_, below), (bound, up_to) in pairwise([(0.0, 0.0), *grown]) if up_to > below
    ]
    longest_bound = max((bound for bound in after if bound < inf), default=0.0)
    return min(longer[-1], longest_bound) * 1000 if longer else None
