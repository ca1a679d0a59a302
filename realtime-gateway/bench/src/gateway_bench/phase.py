"""A load test of any server that speaks the protocol, in phases, bounded by its arguments.

connect: everybody comes in · idle: nobody publishes · steady: publications on schedule ·
burst: a closed loop, as many outstanding as allowed · storm: all are cut off and come back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gateway_bench import process
from gateway_bench.audience import Audience
from gateway_bench.comparison import Comparison
from gateway_bench.figures import Cpu, Measurement, Moment
from gateway_bench.generator import Generator, Run, Target
from gateway_bench.measure import Watch, measurement

PHASES = ("connect", "idle", "steady", "burst", "storm")
_STRIDE = 31
_SAMPLED_BELOW = 100_000  # deliveries/s: fewer are timed one by one


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything: the test ends when this is done."""

    phases: Sequence[str]
    seconds: float
    rate: float
    outstanding: int
    size: int
    connect_seconds: float = 60.0
    storm_seconds: float = 60.0


def load_test(
    target: Target,
    audience: Audience,
    plan: Plan,
    watch: Watch,
    *,
    pids: Sequence[int],
    cache: Path,
    native: bool = True,
) -> Comparison:
    """`pids`: the server's processes where they can be seen, else none. Connects first."""
    comparison = Comparison()
    with Generator(target, audience, plan.size, cache=cache, native=native) as generator:
        for name in ["connect", *(p for p in plan.phases if p != "connect")]:
            play = _player(generator, name, plan, audience)
            watched = _watched(watch, name)
            comparison.measurements.append(_measured(name, play, watched, pids))
            if name == "connect" and not comparison.measurements[0].connections:
                comparison.left_out["all other phases"] = (
                    "no client could connect and subscribe"
                )
                break
    return comparison


def _player(
    generator: Generator, name: str, plan: Plan, audience: Audience
) -> Callable[[Callable[[Moment], None]], Run]:
    stride = 1 if plan.rate * audience.fanout < _SAMPLED_BELOW else _STRIDE
    return {
        "connect": lambda watch: generator.open(watch, seconds=plan.connect_seconds),
        "idle": lambda watch: generator.idle(plan.seconds, watch),
        "steady": lambda watch: generator.rate(plan.rate, plan.seconds, stride, watch),
        "burst": lambda watch: generator.closed(plan.outstanding, plan.seconds, _STRIDE, watch),
        "storm": lambda watch: generator.storm(plan.storm_seconds, watch),
    }[name]


def _measured(
    name: str,
    play: Callable[[Callable[[Moment], None]], Run],
    watch: Callable[[Moment], None],
    pids: Sequence[int],
) -> Measurement:
    cpu, rss = process.cpu(pids), process.rss_kib(pids)
    run = play(watch)
    spent = process.cpu(pids) - cpu if pids else None
    grown = (process.rss_kib(pids) - rss) / max(1, run["ready"])
    blank = Measurement("server", name, 1, 0, 0.0)
    found = measurement(blank, run, run["elapsed"], spent, Cpu(0, 0))
    late = 0 if name == "burst" else found.late
    return replace(found, late=late, rss_each=grown if pids and name == "connect" else None)


def _watched(watch: Watch, name: str) -> Callable[[Moment], None]:
    return lambda moment: watch(name, moment)
