"""The benchmark itself works: every row of its table gets a figure. How fast is not judged."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

BENCH = Path(__file__).parent / "load" / "notes_bench.py"


@pytest.mark.timeout(400)
def test_a_quick_run_of_the_benchmark_fills_every_row_of_its_table(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    done = subprocess.run(
        [sys.executable, BENCH, "--quick", "--json", results],
        capture_output=True,
        text=True,
        timeout=390,
    )
    assert done.returncode == 0, done.stderr
    rows = {row["what"]: row for row in json.loads(results.read_text())["rows"]}
    assert len(rows) >= 14
    assert all(row["figure"] == row["figure"] for row in rows.values())  # no nan
    # What does not depend on the machine is judged.
    assert {rows[name]["verdict"] for name in rows if "bytes" in name} == {"kept"}
    assert rows["relay, events out of order"]["verdict"] == "kept"
    assert {rows[name]["figure"] for name in rows if "frames lost" in name} == {0}
    assert rows["script on the home page"]["verdict"] == "kept"
    lag = "viewer lag, p99, 500 updates per s"
    assert {lag, f"{lag}, through Caddy", f"{lag}, through Caddy, / own port"} <= set(rows)
    assert f"{lag}, through HAProxy" in rows or "left out: through HAProxy" in done.stdout
    for name in rows:
        assert name in done.stdout
