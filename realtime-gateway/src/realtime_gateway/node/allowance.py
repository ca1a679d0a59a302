"""How much one client may ask for, so that its haste costs nobody else."""

import sys
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one client may ask for: a frame, a command, and 4 KiB are a unit each."""

    commands_a_turn: int = sys.maxsize
    bytes_a_turn: int = sys.maxsize
    a_second: int = 0
    """Units; 0: as many as it likes."""
    burst: int = 0
    """Units at once, after a rest."""

    @property
    def most(self) -> int:
        """Commands that one message can hold and not be too much."""
        return self.burst if self.a_second else sys.maxsize - 1


UNLIMITED: Final = Allowance()
