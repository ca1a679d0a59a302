"""Files of the data directory: secrets that are made once, and room to write."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from local_stack.errors import DiskFull, NotWritable


def secret(path: Path, make: Callable[[], str], *, mode: int = 0o600) -> str:
    """The text of a file only its owner may read; made on the first call, kept after."""
    if path.exists() and (text := path.read_text().strip()):
        return text
    path.unlink(missing_ok=True)  # empty: cut off while it was written
    text = make()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.fchmod(descriptor, mode)  # whatever the umask says
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
    return text


def rewrite(path: Path, text: str) -> None:
    """Replace a secret's text in the same file, for a container that runs holds on to that."""
    mode = path.stat().st_mode
    path.chmod(mode | stat.S_IWUSR)
    try:
        with path.open("r+") as file:
            file.write(text + "\n")
            file.truncate()
    finally:
        path.chmod(mode)


def require_room(directory: Path, *, needed_mib: int = 300) -> None:
    """Make the directory. Raises NotWritable or DiskFull where data could not be kept in it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / f".probe-{os.getpid()}"
        probe.write_text("x")
        probe.unlink()
    except OSError as error:
        raise NotWritable(str(directory), error.strerror or str(error)) from error
    free_mib = shutil.disk_usage(directory).free // 2**20
    if free_mib < needed_mib:
        raise DiskFull(str(directory), free_mib, needed_mib)
