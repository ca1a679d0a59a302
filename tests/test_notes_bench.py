"""The benchmark itself works: every row of its table gets a figure. How fast is not judged."""

from pathlib import Path

import pytest
from bench_rows import quick_rows

pytestmark = pytest.mark.long


@pytest.mark.timeout(400)
def test_a_quick_run_of_the_benchmark_fills_every_row_of_its_table(tmp_path: Path) -> None:
    rows, output = quick_rows("notes_bench.py", tmp_path, timeout=390)
    assert len(rows) >= 14
    # What does not depend on the machine is judged.
    assert {rows[name]["verdict"] for name in rows if "bytes" in name} == {"kept"}
    assert rows["relay, events out of order"]["verdict"] == "kept"
    assert {rows[name]["figure"] for name in rows if "frames lost" in name} == {0}
    assert rows["script on the home page"]["verdict"] == "kept"
    lag = "viewer lag, p99, 500 updates per s"
    assert {lag, f"{lag}, through Caddy", f"{lag}, through Caddy, / own port"} <= set(rows)
    assert f"{lag}, through HAProxy" in rows or "left out: through HAProxy" in output
    for name in rows:
        assert name in output
