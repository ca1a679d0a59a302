"""What servers said while a test failed outlives the run, and is shown with the failure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from kept_logs import FOLDER, KEPT_TESTS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]

_TESTS = """
def test_fails(postgres):
    print("a word\\n" * 100)
    raise AssertionError("planted")

def test_passes(postgres):
    pass
"""


def test_the_logs_of_a_failed_test_are_kept_and_their_end_is_shown(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(_TESTS)
    for number in range(KEPT_TESTS):
        old = tmp_path / FOLDER / f"old-{number}"
        old.mkdir(parents=True)
        os.utime(old, (number, number))
    shutil.copy(ROOT / "conftest.py", tmp_path)
    options = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    folder = f"{FOLDER}/test_planted.py-test_fails"
    assert f"Log of postgres, {folder}" in done.stdout
    assert "database system is ready" in done.stdout
    assert done.stdout.count("a word") < 100
    kept = tmp_path / folder
    assert "database system is ready" in (kept / "postgres-postgres.log").read_text()
    assert (kept / "Captured-stdout-call.txt").read_text().count("a word") == 100
    assert len(list((tmp_path / FOLDER).iterdir())) == KEPT_TESTS
