"""Makes `.venv` from the hashed locks, on a machine that has nothing but Python.

`.venv` is the environment of the Python that came first; another one (`python3.13 notes …`) has
its own beside it, `.venv-3.13`, and leaves that one alone.

Standard library only. Made once; a stamp of everything that decides about its content lets
later runs pass at once, and a run that was cut off starts again where it matters.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local_stack.errors import CannotInstall, OldGlibc, StackError
from local_stack.locks import PACKAGES

_STAMP = ".stamp"
_LOCK = ".notes-lock"  # not `.lock`: that one is uv's own
_OLDEST_GLIBC = (2, 28)


class Environment:
    """The repository's Python environment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = _folder(root)
        self.python = self.folder / "bin" / "python"
        self.env = _environ(self.folder)

    def program(self, name: str) -> Path:
        """The path of a program in the environment."""
        return self.folder / "bin" / name

    def ensure(self) -> None:
        """Install what the locks say, if it is not there yet. Raises StackError."""
        if self._is_current():
            return
        _require_platform()
        self.folder.mkdir(exist_ok=True)
        with alone(self.folder / _LOCK):
            if self._is_current():  # another ./notes was faster
                return
            print(f"Installing Python packages into {self.folder.name} (once, in a minute) …")
            (self.folder / _STAMP).unlink(missing_ok=True)
            self._make()
            self._install("requirements/dev.lock", "requirements/build.lock")
            self._install_ours()
            (self.folder / _STAMP).write_text(self._stamp())

    def install_lock(self, lock: str) -> None:
        """One more lock file into the same environment."""
        with alone(self.folder / _LOCK):
            self._install(lock)

    def beside(self, name: str) -> Path:
        """The Python of another environment, made from one lock that must not get into ours."""
        folder = self.folder / name
        lock = f"requirements/{name}.lock"
        python, stamp = folder / "bin" / "python", folder / _STAMP
        state = hashlib.sha256((self.root / lock).read_bytes() + sys.version.encode())
        with alone(self.folder / _LOCK):
            if not stamp.exists() or stamp.read_text() != state.hexdigest():
                print(f"Installing {name} into {self.folder.name}/{name} (once) …")
                made = [self.program("uv"), "venv", "--quiet", "--clear", "--python"]
                if not _run([*map(str, made), str(self.python), str(folder)], self.env):
                    raise CannotInstall(f"no environment could be made in {folder}", "")
                self._install(lock, python=python)
                stamp.write_text(state.hexdigest())
        return python

    def _is_current(self) -> bool:
        stamp = self.folder / _STAMP
        return self.python.exists() and stamp.exists() and stamp.read_text() == self._stamp()

    def _stamp(self) -> str:
        names = [f"requirements/{name}.lock" for name in ("bootstrap", "build", "dev")]
        names += [f"{package}/pyproject.toml" for package in PACKAGES]
        made_of = [(self.root / name).read_bytes() for name in names]
        # An environment knows its own path and its Python: moved or upgraded, it is made anew.
        made_of += [str(self.root).encode(), sys.version.encode()]
        return hashlib.sha256(b"\0".join(made_of)).hexdigest()

    def _make(self) -> None:
        if not self._works():
            for each in self.folder.iterdir():
                if each.name == _LOCK:
                    continue
                shutil.rmtree(
                    each
                ) if each.is_dir() and not each.is_symlink() else each.unlink()
        if _run([sys.executable, "-m", "venv", str(self.folder)], self.env, quiet=True):
            pip = [str(self.python), "-m", "pip"]
        else:  # Debian without python3-venv: an environment without pip, and the system's pip
            made = [sys.executable, "-m", "venv", "--clear", "--without-pip", str(self.folder)]
            if not _run(made, self.env) or not _run(
                [sys.executable, "-m", "pip", "--version"], self.env, quiet=True
            ):
                raise CannotInstall(
                    "this Python can make no environment with pip in it",
                    "Install the packages python3-venv and python3-pip, then try again.",
                )
            pip = [sys.executable, "-m", "pip", "--python", str(self.python)]
        lock = str(self.root / "requirements" / "bootstrap.lock")
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
        if not _run([*pip, "install", *options, "-r", lock], self.env):
            raise CannotInstall("the installer could not be fetched", _NETWORK)

    def _works(self) -> bool:
        """Whether there is an environment of this very Python that runs."""
        if not self.python.exists():
            return False
        ask = [str(self.python), "-c", "import sys; sys.exit(sys.version != sys.argv[1])"]
        return _run([*ask, sys.version], self.env, quiet=True)

    def _install(self, *locks: str, python: Path | None = None) -> None:
        wanted = [argument for lock in locks for argument in ("-r", str(self.root / lock))]
        if self._uv("--require-hashes", *wanted, python=python):
            return
        # uv does not read pip's configuration, where a company's own index may stand.
        print("Trying again with pip …")
        pip = [str(self.python), "-m", "pip", *(["--python", str(python)] if python else [])]
        options = ["install", "--quiet", "--require-hashes"]
        if not _run([*pip, *options, *wanted], self.env, cwd=self.root):
            raise CannotInstall("not all Python packages could be installed", _NETWORK)

    def _install_ours(self) -> None:
        ours = [argument for package in PACKAGES for argument in ("-e", f"./{package}")]
        if not self._uv("--offline", "--no-deps", "--no-build-isolation", *ours):
            raise CannotInstall("the packages of this repository could not be installed", "")

    def _uv(self, *arguments: str, python: Path | None = None) -> bool:
        quiet = [] if sys.stderr.isatty() else ["--quiet"]
        command = [str(self.program("uv")), "pip", "install", *quiet]
        target = ["--python", str(python or self.python)]
        return _run([*command, *target, *arguments], self.env, cwd=self.root)


_NETWORK = (
    "What went wrong stands above. Without a network nothing can be fetched; 'no matching "
    "distribution' or 'no wheels' means that this platform has no ready-made files."
)


def _folder(root: Path) -> Path:
    usual, ours = root / ".venv", f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        made_by = re.search(
            r"^version *= *(\d+\.\d+)", (usual / "pyvenv.cfg").read_text(), re.M
        )
    except OSError:
        return usual
    is_anothers = made_by is not None and made_by[1] != ours
    # One whose Python is gone from the machine is nobody's any more.
    return (
        root / f".venv-{ours}" if is_anothers and (usual / "bin" / "python").exists() else usual
    )


def _environ(folder: Path) -> dict[str, str]:
    """Our environment, with caches that can be written even where the home cannot."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    home = Path(env.get("HOME") or "/nonexistent")
    cache = Path(env.get("XDG_CACHE_HOME") or home / ".cache")
    place = next((path for path in (cache, home) if path.exists()), home)
    if not os.access(place, os.W_OK):
        own = str(folder / "cache")
        env |= {"XDG_CACHE_HOME": own, "UV_CACHE_DIR": f"{own}/uv", "MPLCONFIGDIR": own}
        env |= {"npm_config_cache": f"{own}/npm", "PIP_NO_CACHE_DIR": "1"}
    return env


def _require_platform() -> None:
    """The wheels of PostgreSQL and Valkey need a C library of a certain age."""
    if platform.system() != "Linux":
        return
    try:
        name = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):
        name = ""
    version = tuple(
        int(part) for part in name.removeprefix("glibc ").split(".") if part.isdigit()
    )
    if version < _OLDEST_GLIBC:
        raise OldGlibc(name or "none (musl)")


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Two ./notes at once: the second one waits."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(
    command: list[str], env: Mapping[str, str], *, cwd: Path | None = None, quiet: bool = False
) -> bool:
    """Whether it succeeded; `quiet` shows nothing of it."""
    output = subprocess.DEVNULL if quiet else None
    try:
        done = subprocess.run(
            command, env=env, cwd=cwd, stdout=output, stderr=output, check=False
        )
    except OSError as error:
        raise StackError(f"{command[0]} cannot be run: {error.strerror}") from error
    return done.returncode == 0
