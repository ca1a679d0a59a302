"""The one form that lines of a text end in, whoever sent it. Pure.

Browsers send CR LF, files from elsewhere hold either, and a lone CR is a line end to an editor.
"""

import re
from typing import Final

_FOREIGN: Final = re.compile("\r\n?")


def normal(text: str) -> str:
    """Returns the text with LF as its only line end."""
    return _FOREIGN.sub("\n", text)
