"""Which texts are invisible: a title or a name that nobody can see is none. Pure."""

import re
from typing import Final

# White space, Unicode's Default_Ignorable_Code_Point (joiners, directions, selectors, fillers),
# noncharacters, and what else is drawn as nothing: blanks of Braille, music, Egyptian, Khitan.
_SHOWS_NOTHING: Final = re.compile(
    "[\\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U00013441\U00013442\U00016fe4\U0001bca0-\U0001bca3\U0001d159"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*"
)


def shows_nothing(text: str) -> bool:
    """Return whether a reader would see nothing of the text; true for an empty one."""
    return _SHOWS_NOTHING.fullmatch(text) is not None
