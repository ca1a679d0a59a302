"""The arithmetic of a measurement: histograms, medians, ratios and who was the bottleneck.

Pure: numbers in, numbers out. A figure that was not measured is None, never 0.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median

_STEPS = 64  # slots per power of two: a value is known to 1/64 of itself
_MILLION = 1_000_000


class Histogram:
    """Latencies in microseconds, as the generator counts them: 64 slots per power of two."""

    def __init__(self, slots: Iterable[tuple[int, int]] = ()) -> None:
        self._slots: Counter[int] = Counter()
        self.add(slots)

    def add(self, slots: Iterable[tuple[int, int]]) -> None:
        """Count what a run has told, by slot."""
        for slot, count in slots:
            self._slots[slot] += count

    def merge(self, other: "Histogram") -> None:
        """Count what another one has counted."""
        self._slots.update(other._slots)

    @property
    def count(self) -> int:
        """How many were counted."""
        return self._slots.total()

    def percentile(self, percent: float) -> float | None:
        """In milliseconds: the middle of the slot in which that share of all samples ends."""
        rank = self.count * percent / 100
        passed = 0
        for slot in sorted(self._slots):
            passed += self._slots[slot]
            if passed >= rank:
                return middle_of(slot) / 1000
        return None


def slot_of(microseconds: int) -> int:
    """The slot of a duration: exact below 128 µs, then to one part in 64."""
    power = max(0, microseconds.bit_length() - 7)
    return _STEPS * power + (microseconds >> power)


def middle_of(slot: int) -> float:
    """The microseconds in the middle of a slot."""
    if slot < 2 * _STEPS:
        return float(slot)
    power = slot // _STEPS - 1
    return float((slot - _STEPS * power) << power) + (1 << power) / 2


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds of processor time."""

    user: float
    system: float

    @property
    def total(self) -> float:
        """User and system time together, in seconds."""
        return self.user + self.system

    def __sub__(self, earlier: "Cpu") -> "Cpu":
        return Cpu(self.user - earlier.user, self.system - earlier.system)


class Bottleneck(StrEnum):
    """Which part held a rate down."""

    SERVER = "server"
    GENERATOR = "generator"
    NEITHER = "neither"  # an open loop that both could follow, or plain waiting
    UNKNOWN = "unknown"  # the server's processor time cannot be seen from here


def bottleneck(generator_side: float, server: float | None) -> Bottleneck:
    """Who held the figures down, from the shares of a core (1.0) both sides used.

    `generator_side` counts the broker too, which shares the generator's core. A generator that
    is busy while the server is busier is no bottleneck: the server had no time to spare.
    """
    if server is None:
        return Bottleneck.GENERATOR if generator_side > 0.85 else Bottleneck.UNKNOWN
    if server > 0.9 and server >= generator_side - 0.05:
        return Bottleneck.SERVER
    return Bottleneck.GENERATOR if generator_side > 0.85 else Bottleneck.NEITHER


@dataclass(frozen=True, slots=True)
class Moment:
    """One point of a run over time, for the terminal and the plots."""

    at: float
    connections: int
    per_second: float
    p50: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a process, in KiB: its own pages, and what a container's limit counts (if known)."""

    rss: float
    charged: float | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one server did with one workload in one round. Times in ms, memory in KiB."""

    server: str
    workload: str
    round: int
    connections: int
    seconds: float
    publications: int = 0
    deliveries: int = 0
    lost: int = 0
    late: int = 0  # delivered, but only after the load had stopped
    per_second: float | None = None
    cpu_user: float | None = None  # microseconds a delivery = seconds a million deliveries
    cpu_system: float | None = None
    server_share: float | None = None  # of one core
    generator_share: float | None = None
    broker_share: float | None = None
    others_share: float | None = None  # what everybody else on this machine took meanwhile
    p50: float | None = None
    p99: float | None = None
    slowest: float | None = None
    rss_each: float | None = None
    connects_per_second: float | None = None
    through_edge: bool = False
    edge_cpu: float | None = None  # of `cpu`, what the edge took; its memory is apart:
    edge_rss_each: float | None = None
    edge_rss_base: float | None = None  # before the first client
    edge_charged_each: float | None = None
    edge_charged_base: float | None = None
    recovered: int = 0
    failed: int = 0
    lost_connections: int = 0
    loop_pause: float | None = None
    bottleneck: Bottleneck = Bottleneck.UNKNOWN
    moments: list[Moment] = field(default_factory=list)

    @property
    def cpu(self) -> float | None:
        """Processor microseconds the server spent on one delivery."""
        if self.cpu_user is None or self.cpu_system is None:
            return None
        return self.cpu_user + self.cpu_system

    @property
    def connects_per_core(self) -> float | None:
        """New clients per second of the server's processor time: true on a busy machine too."""
        return _per_core(self.connects_per_second, self.server_share)

    def per_free_core(self, cores: int) -> float | None:
        """Deliveries per wall second and core, of the cores that were left to the server."""
        taken = (self.generator_share, self.broker_share, self.others_share)
        free = cores - sum(share or 0.0 for share in taken)
        return self.per_second / free if self.per_second and free > 0 else None

    @property
    def deliveries_per_core(self) -> float | None:
        """Deliveries a second that one core would make."""
        return _MILLION / self.cpu if self.cpu else None


def _per_core(per_second: float | None, share: float | None) -> float | None:
    return None if per_second is None or not share else per_second / share


def sockets_in(kib: float, base: float | None, each: float | None) -> float | None:
    """How many fit into so much memory, beside what the program takes without any."""
    return None if base is None or not each else max(0.0, kib - base) // each


def per_delivery(seconds: float, deliveries: int) -> float | None:
    """Seconds of processor time as microseconds a delivery."""
    return seconds * _MILLION / deliveries if deliveries else None


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several rounds, with the smallest and the largest."""

    median: float
    low: float
    high: float


def spread(values: Iterable[float | None]) -> Spread | None:
    """Of those that were measured; None if none was."""
    known = [value for value in values if value is not None]
    return Spread(median(known), min(known), max(known)) if known else None


def ratios(
    ours: Sequence[Measurement], theirs: Sequence[Measurement], figure: str
) -> Spread | None:
    """How many times theirs ours is, round by round: only what ran side by side is compared."""
    other = {m.round: getattr(m, figure) for m in theirs}
    pairs = [(getattr(m, figure), other.get(m.round)) for m in ours]
    return spread(a / b for a, b in pairs if a is not None and b)
