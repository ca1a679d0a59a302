"""What the servers below a failed test said: kept where it stays, its end shown at once.

Servers write their logs into folders that go with the run. Those that were written to while the
test ran are copied to `.test-logs/<test>`; so is what pytest captured, where that is long. The
last failures are kept, and the end of each log: some 50 MB at the most.
"""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

FOLDER = ".test-logs"
KEPT_TESTS = 20
KEPT_BYTES = 256 * 1024
SHOWN_LINES = 20
CAPTURED_LINES = 60

# Not `**`: a database has thousands of files.
_PLACES = ("*.log", "*/*.log", "*/logs/*.log", "*/*/logs/*.log")
_folders = pytest.StashKey[list[Path]]()
_began = pytest.StashKey[float]()


def look_into(config: pytest.Config, *folders: Path) -> None:
    """From now on logs are looked for there."""
    config.stash.setdefault(_folders, []).extend(folders)


def begin(item: pytest.Item) -> None:
    item.stash[_began] = time.time() - 0.1  # file systems have a coarser clock


def keep(item: pytest.Item, report: pytest.TestReport) -> None:
    """Copy what was written since `begin`, and put its end into the report."""
    kept = _Kept(item.config.rootpath / FOLDER, item.nodeid)
    with suppress(OSError):  # a log that goes meanwhile, a full disk: the failure is told
        report.sections = [kept.cut(name, text) for name, text in report.sections]
        for log in _written(item):
            title = f"Log of {log.stem}, {kept.folder.relative_to(item.config.rootpath)}"
            report.sections.append((title, kept.copied(log)))
        kept.prune()


def _written(item: pytest.Item) -> Iterator[Path]:
    for folder in item.config.stash.get(_folders, []):
        for pattern in _PLACES:
            for log in sorted(folder.glob(pattern)):
                # pytest makes a second name for the newest folder of each test.
                if not log.parent.is_symlink() and _is_news(log, item.stash.get(_began, 0.0)):
                    yield log


def _is_news(log: Path, since: float) -> bool:
    facts = log.stat()
    return facts.st_mtime >= since and facts.st_size > 0


class _Kept:
    """The folder of one failure; made when there is something to keep."""

    def __init__(self, root: Path, nodeid: str) -> None:
        self.folder = root / re.sub(r"[^\w.-]+", "-", nodeid)[-150:].strip("-")

    def cut(self, name: str, text: str) -> tuple[str, str]:
        lines = text.splitlines()
        if len(lines) <= CAPTURED_LINES:
            return name, text
        path = self._write(f"{name}.txt".replace(" ", "-"), text.encode())
        gone = f"({len(lines) - CAPTURED_LINES} lines before these are in {path})"
        return name, "\n".join([gone, *lines[-CAPTURED_LINES:]])

    def copied(self, log: Path) -> str:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - KEPT_BYTES))
            said = file.read()
        name = log.name if log.parent.name == "logs" else f"{log.parent.name}-{log.name}"
        stack = f"{log.parent.parent.name}-" if log.parent.name == "logs" else ""
        self._write(stack + name, said)
        return "\n".join(said.decode("utf-8", "replace").splitlines()[-SHOWN_LINES:])

    def prune(self) -> None:
        if not self.folder.parent.is_dir():
            return
        failures = sorted(self.folder.parent.iterdir(), key=lambda each: each.stat().st_mtime)
        for old in failures[:-KEPT_TESTS]:
            shutil.rmtree(old, ignore_errors=True)

    def _write(self, name: str, content: bytes) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        path.write_bytes(content[-KEPT_BYTES:])
        return path
