r"""Regular expressions of the configuration, read as Centrifugo reads them (RE2).

`$` and `\z` are the end of the text and nothing before it: Python's `$` also fits before a
last line break, and `notes:bread\n` would be a channel. `\w`, `\d` and `\b` know ASCII
alone. Standard library only.
"""

import re
import warnings
from functools import lru_cache
from typing import Final

_PARTS: Final = re.compile(
    r"""
    \\.                                # escaped
    | \[ \^? \]? (?: \\. | [^]\\] )* \]  # a set: what stands in it means itself
    | \$
    """,
    re.VERBOSE | re.DOTALL,
)
_BY_LINES: Final = re.compile(r"\(\?[a-z]*m")


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """re.error for what is none, or means another thing here than there."""
    if not _BY_LINES.search(pattern):
        pattern = _PARTS.sub(_strict, pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # [[:alpha:]] and the like
            return re.compile(pattern, re.ASCII)
    except (Warning, ValueError, OverflowError, RecursionError) as error:
        raise re.error(str(error)) from error


def _strict(part: re.Match[str]) -> str:
    return r"\Z" if part[0] in ("$", r"\z") else part[0]
