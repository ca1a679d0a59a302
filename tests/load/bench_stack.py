"""A stack of a benchmark's own, which leaves nothing behind."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_stack.stack import Stack


@contextmanager
def own_stack(name: str) -> Iterator[Stack]:
    """A started stack, whose data lie in a folder that ends with the block."""
    data = Path(tempfile.mkdtemp(prefix=f"notes-{name}-"))
    data.chmod(0o711)  # PostgreSQL's own user goes through it
    try:
        with Stack(data) as stack:
            yield stack
    finally:
        shutil.rmtree(data, ignore_errors=True)
