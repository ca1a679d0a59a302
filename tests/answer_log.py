"""Every answer that an edge gave, from its own access log: whoever asked, browser or program.

So what is promised of every answer is looked at in every answer of a whole run, not in a list
of pages that somebody thought of.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answer_rules import header_faults


@dataclass
class AnswerLog:
    path: Path
    seen: int = 0
    """How many answers were looked at."""
    _position: int = 0

    def new_faults(self) -> list[str]:
        """What is wrong with the answers since the last call."""
        return [
            f"{line['request']['method']} {line['request']['uri']} {line['status']}: {fault}"
            for line in self._new_lines()
            for fault in header_faults(line["status"], line["resp_headers"])
        ]

    def _new_lines(self) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._position)
            for raw in file:
                if not raw.endswith(b"\n"):
                    return  # not whole yet
                self._position += len(raw)
                line = json.loads(raw)
                # A browser that left before the answer got none.
                if line["status"]:
                    self.seen += 1
                    yield line
