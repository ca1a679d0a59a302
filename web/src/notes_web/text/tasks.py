"""The one mark of a task list that a reader's tick changes. Pure.

notes-service's HTML says of each box in which line of the body its mark is (`data-line`, from
0) and which task that is (`data-task`, the same as long as the task says the same).
"""

import re

_BOX = re.compile(r'<input [^>]*data-line="(\d+)" data-task="([0-9a-f]{8})"')
_MARK = re.compile(r"^([\s>*+.)\d-]*\[)[ xX](?=\]\s)")


def line_of(html: str, task: str, *, place: int, alike: int) -> int | None:
    """Returns the line of the task that its reader saw at `place` among `alike` of its name.

    None where nobody can tell: there are more of them now, or fewer.
    """
    lines = [int(line) for line, name in _BOX.findall(html) if name == task]
    return lines[place] if place < alike == len(lines) else None


def marked(body: str, line: int, *, is_done: bool) -> str:
    """Returns the body with the mark in its line set; as it was where there is none."""
    lines = body.split("\n")
    if line < len(lines):
        mark = "x" if is_done else " "
        lines[line] = _MARK.sub(
            lambda found: found[0] if _is_done(found[0]) is is_done else found[1] + mark,
            lines[line],
            count=1,
        )
    return "\n".join(lines)


def _is_done(mark: str) -> bool:
    return mark[-1] in "xX"
