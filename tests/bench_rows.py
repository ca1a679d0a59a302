"""What a quick run of a benchmark of the whole system printed and wrote down."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOAD = Path(__file__).parent / "load"


def quick_rows(script: str, folder: Path, *, timeout: int) -> tuple[dict[str, Any], str]:
    """The rows by their names, each with a figure that is one, and the output."""
    results = folder / "results.json"
    done = subprocess.run(
        [sys.executable, LOAD / script, "--quick", "--json", results],
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr
    rows = {row["what"]: row for row in json.loads(results.read_text())["rows"]}
    assert all(row["figure"] == row["figure"] for row in rows.values())  # no nan
    return rows, done.stdout
