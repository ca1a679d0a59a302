"""The benchmark of attacks itself works: every attack is made, and every row gets a figure."""

from pathlib import Path

import pytest
from bench_rows import quick_rows

pytestmark = pytest.mark.long


def test_a_quick_run_makes_every_attack_and_fills_every_row(tmp_path: Path) -> None:
    rows, _ = quick_rows("attacks_bench.py", tmp_path, timeout=280)
    assert len(rows) == 17
    assert rows["closed with a code, ten do"]["figure"] > 0
    assert rows["keys in Redis, right after"]["figure"] > 0
    assert rows["a minute later, connections"]["figure"] <= 0
