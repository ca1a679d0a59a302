"""The named workloads: who listens, what is published, for how long. Pure data.

The names are those of the target table in docs/topics/gateway-benchmarks.md. `outstanding`
means a closed loop: so many publications are on their way at any time, the next one leaves when
one has reached everybody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from gateway_bench.audience import Audience


@dataclass(frozen=True, slots=True)
class Closed:
    """So many publications are on their way at any time."""

    outstanding: int
    stride: int = 31  # every 31st delivery is timed: prime, so it meets all clients in turn


@dataclass(frozen=True, slots=True)
class Rate:
    """So many publications a second, on schedule."""

    per_second: float
    stride: int = 1


@dataclass(frozen=True, slots=True)
class Idle:
    """Nobody publishes: memory, and what mere presence costs."""


@dataclass(frozen=True, slots=True)
class Storm:
    """The server is killed and started again; everybody comes back by the library's backoff."""


Load = Closed | Rate | Idle | Storm


@dataclass(frozen=True, slots=True)
class Workload:
    """What is done to a server, and with how many clients."""

    name: str
    audience: Audience
    load: Load
    about: str
    factor: float = 1.0  # of the seconds a run lasts
    nodes: int = 1
    workers: int = 1  # of each node, on one port
    history: bool = False  # channels keep one, publications take an offset, clients recover

    @property
    def processes(self) -> int:
        """How many processes the server has: nodes times workers."""
        return self.nodes * self.workers


ALL: Sequence[Workload] = (
    Workload("fanout-w2", Audience(1_000), Closed(2), "1,000 subscribers, 2 outstanding"),
    Workload("fanout-w32", Audience(1_000), Closed(32), "1,000 subscribers, 32 outstanding"),
    Workload("half-load", Audience(1_000), Rate(100), "100 publications/s to 1,000"),
    Workload("tenth-load", Audience(1_000), Rate(20), "20 publications/s to 1,000"),
    Workload("open-loop", Audience(1_000), Rate(1_000, 31), "1,000 publications/s to 1,000"),
    Workload("fanout-w2-5000", Audience(5_000), Closed(2), "5,000 subscribers, 2 outstanding"),
    Workload(
        "fanout-w32-5000", Audience(5_000), Closed(32), "5,000 subscribers, 32 outstanding"
    ),
    Workload("channels", Audience(1_000, 1_000), Closed(1_000), "1,000 channels, 1 each"),
    Workload("growth-20000", Audience(20_000), Closed(2), "20,000 subscribers, 2 outstanding"),
    Workload(
        "growth-channels",
        Audience(1_000, idle=10_000, idle_channels=9_999),
        Closed(2),
        "fanout-w2 beside 9,999 silent channels",
    ),
    Workload("pause", Audience(1, idle=9_999), Rate(200), "200/s to one of 10,000 clients", 2),
    Workload("idle", Audience(10_000), Idle(), "10,000 silent clients", 2, history=True),
    Workload("storm", Audience(10_000), Storm(), "kill -9, 10,000 come back", history=True),
    Workload("history-w2", Audience(1_000), Closed(2), "fanout-w2 with history", history=True),
    Workload(
        "history-w32", Audience(1_000), Closed(32), "fanout-w32 with history", history=True
    ),
    Workload("nodes-2", Audience(1_000), Closed(2), "two nodes on two cores", nodes=2),
    Workload(
        "workers-2", Audience(1_000), Closed(2), "two workers on two cores, one port", workers=2
    ),
)

PEERS = ("fanout-w2", "fanout-w32", "half-load", "channels", "idle")
QUICK = ("fanout-w2", "fanout-w32", "half-load", "idle", "storm")


def named(names: Sequence[str]) -> list[Workload]:
    """In the order of the table. Raises KeyError with the first unknown name."""
    known = {workload.name for workload in ALL}
    for name in names:
        if name not in known:
            raise KeyError(name)
    return [workload for workload in ALL if workload.name in names]


def shrunk(workload: Workload, connections: int) -> Workload:
    """The same with at most so many clients: for a quick look, or a low limit of open files."""
    return replace(workload, audience=workload.audience.at_most(connections))


def scenes(workloads: Sequence[Workload]) -> Iterator[list[Workload]]:
    """Neighbours that one start of a server and one crowd of clients can serve."""
    for _, group in groupby(
        workloads, key=lambda w: (w.audience, w.nodes, w.workers, w.history)
    ):
        yield list(group)
