"""The targets of the gateway, each a ratio or a figure of one comparison. Pure.

A target that the comparison did not measure is reported as such, never as met.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gateway_bench.comparison import Comparison
from gateway_bench.figures import Spread, ratios, spread

Finder = Callable[[Comparison], Spread | None]


@dataclass(frozen=True, slots=True)
class Target:
    """`at_most` or `at_least` bounds the median. `timed`: means nothing on a busy machine."""

    what: str
    find: Finder
    at_most: float | None = None
    at_least: float | None = None
    timed: bool = False

    def met(self, found: Spread | None) -> bool | None:
        """Whether what was found is enough; None if nothing was found."""
        if found is None:
            return None
        if self.at_most is not None:
            return found.median <= self.at_most
        return self.at_least is None or found.median >= self.at_least

    @property
    def bound(self) -> str:
        """The bound in words."""
        if self.at_most is not None:
            return f"≤ {self.at_most:g}"
        return f"≥ {self.at_least:g}"


def against(server: str, workload: str, figure: str = "cpu", *, other: str = "") -> Finder:
    """The gateway's figure in units of another server's, in the same rounds."""
    return lambda c: ratios(c.of("gateway", workload), c.of(server, other or workload), figure)


def own(workload: str, figure: str) -> Finder:
    """The gateway's figure by itself."""
    return lambda c: spread(getattr(m, figure) for m in c.of("gateway", workload))


def growth(workload: str, figure: str = "cpu", *, base: str = "fanout-w2") -> Finder:
    """The gateway at one size in units of the gateway at another."""
    return lambda c: ratios(c.of("gateway", workload), c.of("gateway", base), figure)


def seconds_back(workload: str) -> Finder:
    """How long it took until all of the gateway's clients were back."""
    return lambda c: spread(m.seconds for m in c.of("gateway", workload))


def _fanout() -> list[Target]:
    found = []
    for suffix in ("", "-5000"):
        two, many = f"fanout-w2{suffix}", f"fanout-w32{suffix}"
        found += [
            Target(f"{two}: CPU per delivery / C", against("c", two), at_most=1.25),
            Target(f"{two}: / Nchan", against("nchan", two), at_most=0.75),
            Target(f"{two}: / Node ws", against("ws", two), at_most=0.7),
            Target(f"{two}: / Socket.IO", against("socketio", two), at_most=0.5),
            Target(f"{many}: / C joined", against("c-joined", many), at_most=1.2),
        ]
        peers = ("nchan", "ws", "socketio", "fastapi")
        found += [Target(f"{many}: / {p}", against(p, many), at_most=0.07) for p in peers]
    return found


def _latency() -> list[Target]:
    found = [
        Target("half-load: p50 / C", against("c", "half-load", "p50"), at_most=1.5, timed=True),
        Target("half-load: p99 / C", against("c", "half-load", "p99"), at_most=1.6, timed=True),
    ]
    for peer in ("nchan", "ws", "socketio", "fastapi"):
        for figure in ("p50", "p99"):
            finder = against(peer, "half-load", figure)
            found.append(
                Target(f"half-load: {figure} / {peer}", finder, at_most=1.0, timed=True)
            )
    return found


TARGETS: Sequence[Target] = (
    *_fanout(),
    Target("open-loop: publications lost", own("open-loop", "lost"), at_most=0, timed=True),
    Target("open-loop: p99, ms", own("open-loop", "p99"), at_most=50, timed=True),
    *_latency(),
    Target(
        "channels: deliveries/s / C",
        against("c", "channels", "per_second"),
        at_least=0.667,
        timed=True,
    ),
    Target(
        "channels: deliveries a core-second / Node ws",
        against("ws", "channels", "deliveries_per_core"),
        at_least=1.3,
    ),
    Target(
        "channels: deliveries a core-second / C",
        against("c", "channels", "deliveries_per_core"),
        at_least=0.667,
    ),
    Target("idle: KiB RSS a client", own("idle", "rss_each"), at_most=5),
    Target("idle: share of a core", own("idle", "server_share"), at_most=0.01),
    Target(
        "recover-10000: connects with token and recovery a core-second",
        own("recover-10000", "connects_per_core"),
        at_least=4_000,
    ),
    Target("storm: seconds until all are back", seconds_back("storm"), at_most=10, timed=True),
    Target(
        "pause: slowest delivery among 10,000 clients, ms",
        own("pause", "slowest"),
        at_most=5,
        timed=True,
    ),
    Target(
        "pause: longest pause the gateway reports, ms",
        own("pause", "loop_pause"),
        at_most=5,
        timed=True,
    ),
    Target(
        "growth to 20,000 subscribers: CPU per delivery", growth("growth-20000"), at_most=1.15
    ),
    Target(
        "growth to 10,000 channels: CPU per delivery", growth("growth-channels"), at_most=1.15
    ),
    Target(
        "two nodes: deliveries/s a node's core, × 2", lambda c: _two("nodes-2", c), at_least=1.8
    ),
    Target(
        "two workers: deliveries/s a worker's core, × 2",
        lambda c: _two("workers-2", c),
        at_least=1.8,
    ),
    Target(
        "two workers: deliveries per wall second of two cores, in units of one",
        lambda c: _two_on_the_wall(c),
        at_least=1.8,
        timed=True,
    ),
)


def _two(workload: str, comparison: Comparison) -> Spread | None:
    """On two cores with the generator on them too, two processes do not get two cores.

    What they would deliver with them follows from the processor time a delivery took.
    """
    cost = ratios(
        comparison.of("gateway", "fanout-w2"), comparison.of("gateway", workload), "cpu"
    )
    return _doubled(cost)


def _two_on_the_wall(comparison: Comparison) -> Spread | None:
    """By the clock: the rate, for each core that generator, broker and others left free of two.

    One process has a core for itself. Idle time of the workers counts against them.
    """
    one = comparison.of("gateway", "fanout-w2")
    two = [
        replace(m, per_second=m.per_free_core(2)) for m in comparison.of("gateway", "workers-2")
    ]
    return _doubled(ratios(two, one, "per_second"))


def _doubled(found: Spread | None) -> Spread | None:
    return Spread(*(2 * x for x in (found.median, found.low, found.high))) if found else None
