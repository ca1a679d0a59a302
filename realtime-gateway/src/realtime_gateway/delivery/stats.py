"""What this node has counted since it started.

Plain numbers, because they count in the fast path.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from realtime_gateway.delivery.histogram import Histogram
from realtime_gateway.delivery.pauses import Pauses


@dataclass(slots=True)
class Stats:
    """The counters of one node, as plain attributes: counting costs no call."""

    connections_accepted: int = 0
    handshakes_refused: Counter[int] = field(default_factory=Counter)
    disconnects: Counter[int] = field(default_factory=Counter)
    unsubscribes: Counter[int] = field(default_factory=Counter)
    commands: int = 0
    command_seconds: dict[str, Histogram] = field(
        default_factory=lambda: defaultdict(Histogram)
    )
    """By method, from its arrival to its reply."""
    errors: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By method and code."""
    bytes_received: int = 0
    publications: int = 0
    deliveries: int = 0
    malformed: int = 0
    recovered: int = 0
    recovered_publications: int = 0
    unrecovered: int = 0
    from_memory: int = 0
    """Recoveries that needed no read of the history."""
    gaps: int = 0
    """Channels found to have missed something, and caught up or reported lost."""
    lost: int = 0
    pub_sub_connects: int = 0
    lag: Histogram = field(default_factory=Histogram)
    """From a publication's time, by the clock of Redis, to its delivery here."""
    loop_lag: Histogram = field(default_factory=Histogram)
    """How late the event loop's ticks were."""
    task_failures: Counter[str] = field(default_factory=Counter)
    """Times that what a node does by itself has failed, by its name."""
    loop_lag_seconds: float = 0.0
    """The last one."""
    pauses: Pauses = field(default_factory=Pauses)
