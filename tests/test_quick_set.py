"""What one runs before a commit stays quick: it starts no program but those it may."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow

_TESTS = """
import subprocess
import sys
import pytest

def start():
    subprocess.run([sys.executable, "-c", ""], check=True)

@pytest.fixture
def stack():
    start()

@pytest.fixture(scope="session")
def server():
    start()

@pytest.fixture
def program():
    start()

def test_rule(server): pass
def test_sneaks(): start()
def test_sneaks_by_a_fixture(program): pass
def test_whole_system(stack): raise AssertionError

@pytest.mark.parametrize("why", [
    pytest.param("", marks=getattr(pytest.mark, name))
    for name in ("slow", "long", "alone", "browser")
])
def test_says_so(why): raise AssertionError

@pytest.mark.quick
def test_may(stack): start()
"""


def test_a_test_that_starts_a_program_is_left_out_or_found_out(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(_TESTS)
    shutil.copy(ROOT / "conftest.py", tmp_path)
    options = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "--quick"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed, 5 deselected" in done.stdout, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    assert "1 error" in done.stdout
    assert done.stdout.count("mark the test `slow`") >= 2
