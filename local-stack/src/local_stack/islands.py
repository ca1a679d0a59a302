"""Builds the pages' scripts and styles (`web/dist`) with the machine's Node, or the wheel's.

Standard library only. Built once per state of the sources; a stamp in `web/dist` tells which.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from local_stack.bootstrap import Environment
from local_stack.errors import CannotInstall

_OLDEST_NODE = 20
_TIMEOUT_SECONDS = 600


class Islands:
    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.folder = environment.root / "web"
        self._dist = self.folder / "dist"

    def ensure(self) -> None:
        """Install the locked packages and build, if the sources changed. Raises StackError."""
        if self._dist.is_dir() and self._stamped(self._dist / ".stamp", self._sources()):
            return
        self.ensure_packages()
        print("Building the pages' scripts …")
        self.npm("run", "--silent", "build")
        (self._dist / ".stamp").write_text(_digest(self._sources()))

    def ensure_packages(self) -> None:
        """`npm ci` where the lock file says something else than what is installed."""
        lock = [self.folder / "package.json", self.folder / "package-lock.json"]
        stamp = self.folder / "node_modules" / ".stamp"
        if self._stamped(stamp, lock):
            return
        print("Installing the packages that build the pages' scripts (once) …")
        self.npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(_digest(lock))

    def npm(self, *arguments: str) -> None:
        """Run npm in `web/`. Raises CannotInstall."""
        if not self.try_npm(*arguments):
            raise CannotInstall(f"npm {' '.join(arguments)} failed", "Its reasons stand above.")

    def try_npm(self, *arguments: str) -> bool:
        env = self._environment.env | {
            "PATH": self._path(),
            "npm_config_update_notifier": "false",
        }
        command = [shutil.which("npm", path=env["PATH"]) or "npm", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=env, timeout=_TIMEOUT_SECONDS, check=False
        )
        return done.returncode == 0

    def has_script(self, name: str) -> bool:
        return f'"{name}":' in (self.folder / "package.json").read_text()

    def _sources(self) -> list[Path]:
        assets = sorted(path for path in (self.folder / "assets").rglob("*") if path.is_file())
        top = [path for path in self.folder.iterdir() if path.suffix in (".json", ".mjs")]
        return [*sorted(top), *assets]

    def _stamped(self, stamp: Path, sources: list[Path]) -> bool:
        return stamp.exists() and stamp.read_text() == _digest(sources)

    def _path(self) -> str:
        """A search path on which Node is new enough."""
        path = os.environ.get("PATH", "")
        if _node_version(path) >= _OLDEST_NODE and shutil.which("npm", path=path):
            return path
        path = f"{self._environment.folder / 'bin'}{os.pathsep}{path}"
        if _node_version(path) < _OLDEST_NODE or not shutil.which("npm", path=path):
            print(f"No Node {_OLDEST_NODE} or newer here: installing it into .venv (61 MB) …")
            self._environment.install_lock("requirements/node.lock")
        return path


def _node_version(path: str) -> int:
    """Node's major version; 0 where there is none that runs."""
    node = shutil.which("node", path=path)
    if node is None:
        return 0
    try:
        done = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
        return int(done.stdout.strip().removeprefix("v").split(".")[0])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0


def _digest(files: list[Path]) -> str:
    parts = [f"{path.name}\0".encode() + path.read_bytes() for path in files]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
