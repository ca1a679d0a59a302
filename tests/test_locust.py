"""The Locust file works: people log in, write and see it live. How fast is not judged."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from local_stack import demo
from wired_stack import WiredStack

BENCH = Path(__file__).parent / "load" / "system_bench.py"
LOCUST = Path(sys.prefix) / "locust"


@pytest.mark.skipif(not LOCUST.exists(), reason="./notes bench locust installs Locust")
def test_people_of_the_load_test_do_all_they_can_without_a_failure(
    stack: WiredStack, tmp_path: Path
) -> None:
    demo.load(stack)
    command = [str(BENCH), "--users", "4", "--seconds", "12", "--host", stack.url]
    command += ["--accounts", str(stack.data_dir / "demo.json"), "--csv", str(tmp_path / "run")]
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with (tmp_path / "run_stats.csv").open() as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    assert {row["Failure Count"] for row in rows.values()} == {"0"}
    assert {
        "log in", "make a note", "the list", "a token for the socket", "connect and subscribe",
        "publication of home",
    } <= rows.keys()  # fmt: skip
