"""`local_stack up` as a process of its own, and what became of its children."""

import subprocess
import sys
from pathlib import Path

import psutil
from local_stack.ports import free_port

Up = subprocess.Popen[str]


def run_up(data: Path, *options: str, port: int | None = None) -> Up:
    command = [sys.executable, "-m", "local_stack", "up", "--data", str(data)]
    return subprocess.Popen(
        [*command, "--port", str(port or free_port()), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(process: Up, text: str) -> str:
    """Its output up to the line that holds `text`; fails when it ends before."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return "".join(seen)
    raise AssertionError(f"it ended without saying {text!r}:\n{''.join(seen)}")


def ended(process: Up, timeout: float = 30) -> int:
    """Its exit status, once it has ended."""
    process.communicate(timeout=timeout)
    return process.returncode


def children_of(process: Up) -> list[int]:
    return [child.pid for child in psutil.Process(process.pid).children(recursive=True)]


def gone(pids: list[int], timeout: float = 20) -> bool:
    """Whether all of them have ended within the time."""
    alive = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    return not psutil.wait_procs(alive, timeout=timeout)[1]
