"""The lock files: which there are, what each is made from, and whether it is in step.

Standard library only. A lock's first line holds a digest of its inputs, so "in step" is told
without a network: no dependency was changed since, and the images use what the tests used.
"""

import hashlib
import re
import subprocess
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

PACKAGES = (
    "service-kit", "service-data", "notes-service", "users-service", "realtime-gateway", "web",
    "local-stack", "realtime-gateway/bench",
)  # fmt: skip
# What each image holds of ours.
_IMAGES = {
    "notes-service": ("service-kit", "service-data"),
    "users-service": ("service-kit", "service-data"),
    "realtime-gateway": ("service-kit",),
    "web": ("service-kit",),
}
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_HEADER = "# Made by ./notes locks from inputs "


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file, and what it is made from."""

    name: str
    sources: Sequence[str]
    arguments: Sequence[str] = ()

    @property
    def path(self) -> str:
        """Its path from the repository's root."""
        return f"requirements/{self.name}.lock"


def _pyprojects(*packages: str) -> list[str]:
    return [f"{package}/pyproject.toml" for package in packages]


LOCKS = (
    Lock("bootstrap", ["requirements/bootstrap.in"]),
    Lock("build", ["requirements/build.in"]),
    Lock("node", ["requirements/node.in"]),
    Lock("locust", ["requirements/locust.in"]),
    Lock(
        "dev", [*_pyprojects(*PACKAGES), "pyproject.toml"], ["--group", "dev", "--all-extras"]
    ),
    *(
        Lock(
            image,
            _pyprojects(*ours, image),
            ["-c", "requirements/dev.lock", "--all-extras"],
        )
        for image, ours in _IMAGES.items()
    ),
)


def compile_all(root: Path, uv: Path, *, upgrade: bool) -> None:
    """Make every lock anew; pins stay where they are unless `upgrade`."""
    for lock in LOCKS:
        # The root's pyproject.toml is no package: it only has the group of development tools.
        sources = [source for source in lock.sources if source != "pyproject.toml"]
        command = [
            str(uv),
            "pip",
            "compile",
            "--quiet",
            "--universal",
            "--python-version",
            "3.11",
        ]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-header"]
        for ours in ("service-kit", "service-data"):
            command += ["--no-emit-package", ours]
        command += ["--upgrade"] if upgrade else []
        command += [*sources, *lock.arguments, "-o", lock.path]
        subprocess.run(command, cwd=root, check=True)
        path = root / lock.path
        pins = path.read_text().removeprefix(_first_line(path) if _is_marked(path) else "")
        path.write_text(f"{_HEADER}{digest(root, lock)}\n{pins}")
        print(f"  {lock.path}: {len(_pins(path))} packages")


def out_of_step(root: Path) -> list[str]:
    """What is wrong with the lock files, in sentences; empty when nothing is."""
    tested = _pins(root / "requirements/dev.lock")
    wrong = []
    for lock in LOCKS:
        path = root / lock.path
        if not path.exists() or _first_line(path).strip() != _HEADER + digest(root, lock):
            wrong.append(f"{lock.path} is older than {', '.join(lock.sources)}: ./notes locks")
        if lock.name in _IMAGES and path.exists():
            strange = set(_pins(path).items()) - set(tested.items())
            wrong += [
                f"{lock.path} has {name} {version}, the tests use {tested.get(name)}"
                for name, version in sorted(strange)
            ]
    return wrong


def digest(root: Path, lock: Lock) -> str:
    """Of what decides about the lock's content: its sources' requirements, nothing else."""
    inputs = [line for source in lock.sources for line in _requirements(root / source)]
    return hashlib.sha256("\n".join(inputs).encode()).hexdigest()[:32]


def _requirements(source: Path) -> list[str]:
    if source.suffix == ".in":
        return source.read_text().split()
    data = tomllib.loads(source.read_text())
    project = data.get("project", {})
    wanted = [
        *project.get("dependencies", []),
        *data.get("dependency-groups", {}).get("dev", []),
        *chain(*project.get("optional-dependencies", {}).values()),
    ]
    return [*sorted(wanted), project.get("requires-python", "")]


def _pins(path: Path) -> dict[str, str]:
    return dict(_PIN.findall(path.read_text()))


def _first_line(path: Path) -> str:
    return path.read_text().split("\n", 1)[0] + "\n"


def _is_marked(path: Path) -> bool:
    return _first_line(path).startswith(_HEADER)
