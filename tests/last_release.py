"""The last release's code, taken from this repository's history."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from local_stack.services import REPOSITORY, Service

RELEASES = REPOSITORY / "docs" / "releases.md"
PARTS = ("service-kit", "service-data", "notes-service", "users-service")
_ROW = re.compile(
    r"^\| (\d+\.\d+\.\d+(?:-rc\d+)?) \| (\d{4}-\d\d-\d\d) \| `([0-9a-f]{40})` \|", re.MULTILINE
)


class NoHistory(Exception):
    """This checkout does not hold the release's commit: a shallow clone, or no clone."""


@dataclass(frozen=True, slots=True)
class Release:
    version: str
    commit: str

    def unpack(self, folder: Path) -> str:
        """Its services under `folder`; the PYTHONPATH that runs them. Raises NoHistory."""
        ask = ["git", "-C", str(REPOSITORY), "archive", self.commit, *PARTS]
        try:
            archive = subprocess.run(ask, capture_output=True, check=True, timeout=60)
        except (OSError, subprocess.CalledProcessError) as error:
            raise NoHistory(self.commit) from error
        subprocess.run(
            ["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True, timeout=60
        )
        return ":".join(str(folder / part / "src") for part in PARTS)


def last() -> Release:
    """The newest row of docs/releases.md; they stand newest first."""
    found = _ROW.search(RELEASES.read_text())
    assert found is not None, "docs/releases.md names no release"
    return Release(version=found[1], commit=found[3])


def restart_with(service: Service, python_path: str | None) -> None:
    """The same service, its code from elsewhere; None is this checkout's again."""
    service.stop()
    service.env.pop("PYTHONPATH", None)
    if python_path is not None:
        service.env["PYTHONPATH"] = python_path
    service.start()


def file_of(service: Service, package: str) -> Path:
    """Where a service's code comes from, as its own environment finds it."""
    ask = [sys.executable, "-c", f"import {package}; print({package}.__file__)"]
    done = subprocess.run(
        ask, env=service.env, capture_output=True, text=True, check=True, timeout=60
    )
    return Path(done.stdout.strip())
