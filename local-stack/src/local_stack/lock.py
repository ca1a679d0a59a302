"""One stack per data directory.

The lock is the kernel's (flock): it is gone with its process, however that ended, so a stale
file never blocks a start. The pid inside is only for the message.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_stack.errors import AlreadyRunning


@contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Raises AlreadyRunning if another process holds the directory."""
    descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(descriptor, 20).decode().strip()
        os.close(descriptor)
        raise AlreadyRunning(int(pid or 0), str(data_dir)) from None
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)
