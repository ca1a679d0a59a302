"""Files of the data directory: secrets that are made once, and room to write."""

import os
from collections.abc import Callable
from pathlib import Path


def secret(path: Path, make: Callable[[], str]) -> str:
    """The text of a file only its owner may read; made on the first call, kept after."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        text = path.read_text().strip()
        if text:
            return text
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)  # cut off while it was written
    text = make()
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
    return text
