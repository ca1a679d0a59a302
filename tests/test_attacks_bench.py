"""The benchmark of attacks itself works: every attack is made, and every row gets a figure."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

BENCH = Path(__file__).parent / "load" / "attacks_bench.py"


def test_a_quick_run_makes_every_attack_and_fills_every_row(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    done = subprocess.run(
        [sys.executable, BENCH, "--quick", "--json", results],
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    rows = {row["what"]: row["figure"] for row in json.loads(results.read_text())["rows"]}
    assert len(rows) == 14
    assert all(figure == figure for figure in rows.values())  # no nan
    assert rows["closed with a code, ten do"] > 0
    assert rows["keys in Redis, right after"] > 0
    assert rows["a minute later, connections"] <= 0
