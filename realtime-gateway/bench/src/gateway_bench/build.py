"""Programs made on demand and kept in a cache directory: C by the machine's cc, Node's by npm.

What is cached is named by a hash of its source, so an old build is never run for a new source.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path

from gateway_bench.process import program

_FLAGS = ("-O2", "-std=gnu11", "-Wall", "-Wextra")
_COMPILE_TIMEOUT_SECONDS = 120
_INSTALL_TIMEOUT_SECONDS = 300


class NotHere(Exception):
    """What the machine lacks: a part of the benchmark is left out, and says so."""


def source(*parts: str) -> Traversable:
    """A file that lies in this package."""
    return files("gateway_bench").joinpath(*parts)


def default_cache() -> Path:
    """Where built programs are kept, by the XDG base directory specification."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "realtime-gateway-bench"


def c_program(name: str, cache: Path) -> Path:
    """The path of c/<name>.c, compiled. Raises NotHere without a compiler."""
    text = source("c", f"{name}.c").read_bytes()
    target = cache / f"{name}-{_digest(text)}"
    if target.exists():
        return target
    compiler = program("cc", "gcc", "clang")
    if compiler is None:
        raise NotHere("no C compiler (cc, gcc or clang)")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        unit, made = Path(folder) / f"{name}.c", Path(folder) / name
        unit.write_bytes(text)
        _run([compiler, *_FLAGS, "-o", str(made), str(unit)], _COMPILE_TIMEOUT_SECONDS)
        made.replace(target)
    return target


def node_peers(cache: Path) -> Path:
    """The folder of node/, with its locked packages installed. Raises NotHere without Node."""
    if program("node") is None or program("npm") is None:
        raise NotHere("no Node.js with npm")
    with as_file(source("node")) as folder:
        names = ["package.json", "package-lock.json", ".npmrc", "ws.js", "socketio.js"]
        stamp = _digest(b"".join((folder / name).read_bytes() for name in names))
        target = cache / f"node-{stamp}"
        if target.exists():
            return target
        cache.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=cache))
        for name in names:
            shutil.copy(folder / name, made / name)
    npm = program("npm") or "npm"
    _run([npm, "ci", "--no-audit", "--no-fund"], _INSTALL_TIMEOUT_SECONDS, made)
    made.rename(target)
    return target


def _run(command: list[str], timeout: float, folder: Path | None = None) -> None:
    done = subprocess.run(
        command, cwd=folder, timeout=timeout, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotHere(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout)[-400:]}")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
