"""What this node has counted since it started: plain numbers, because they count in the
fast path.
"""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stats:
    connections_accepted: int = 0
    handshakes_refused: Counter[int] = field(default_factory=Counter)
    disconnects: Counter[int] = field(default_factory=Counter)
    unsubscribes: Counter[int] = field(default_factory=Counter)
    commands: int = 0
    errors: Counter[int] = field(default_factory=Counter)
    bytes_received: int = 0
    publications: int = 0
    deliveries: int = 0
    malformed: int = 0
    recovered: int = 0
    unrecovered: int = 0
    from_memory: int = 0
    """Recoveries that needed no read of the history."""
    gaps: int = 0
    """Channels found to have missed something, and caught up or reported lost."""
    lost: int = 0
    pub_sub_connects: int = 0
    lag_seconds: float = 0.0
    """From the publication's time to its delivery here, of the last one."""
    loop_lag_seconds: float = 0.0
