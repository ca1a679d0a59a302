"""The processes of a stack whose supervisor was killed.

On Linux the kernel has told them to stop; elsewhere nobody has. Before the next start they are
waited for, then asked, then killed: what still holds the data or a port is gone afterwards.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import psutil

_FILE = "parts.json"
_PATIENCE_SECONDS = 15.0


def remember(data_dir: Path, pids: Iterable[int]) -> None:
    """Write down which processes belong to this data directory."""
    known = {str(pid): _born(pid) for pid in pids}
    (data_dir / _FILE).write_text(json.dumps(known))


def end(data_dir: Path) -> int:
    """End what is left of an earlier run; returns how many processes there were."""
    try:
        known = json.loads((data_dir / _FILE).read_text())
    except (OSError, ValueError):
        return 0
    # A pid alone may belong to somebody else by now; with its time of birth it is ours.
    left = [
        psutil.Process(int(pid))
        for pid, born in known.items()
        if born is not None and _born(int(pid)) == born
    ]
    _, alive = psutil.wait_procs(left, timeout=_PATIENCE_SECONDS / 3)
    for process in alive:
        _try(process.terminate)
    _, alive = psutil.wait_procs(alive, timeout=_PATIENCE_SECONDS)
    for process in alive:
        _try(process.kill)
    psutil.wait_procs(alive, timeout=_PATIENCE_SECONDS)
    forget(data_dir)
    return len(left)


def forget(data_dir: Path) -> None:
    """Forget what was started: it has been ended in order."""
    (data_dir / _FILE).unlink(missing_ok=True)


def _born(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def _try(action: Callable[[], None]) -> None:
    with suppress(psutil.Error):
        action()
