"""One scene measured: a server, a crowd of clients, and workloads one after the other.

What is measured around a run is the server's processor time from before its first publication
until after its last delivery, so joined and queued work is counted in full.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gateway_bench import pauses, process
from gateway_bench.contender import Contender, Place
from gateway_bench.figures import (
    Bottleneck,
    Cpu,
    Measurement,
    Memory,
    Moment,
    bottleneck,
    per_delivery,
)
from gateway_bench.generator import Generator, Run
from gateway_bench.running import Running
from gateway_bench.workload import Closed, Idle, Load, Rate, Storm, Workload

Watch = Callable[[str, Moment], None]  # (what runs now, a point of it)

_WARM_UP, _SETTLE = 0.1, 0.2  # in units of a run
_STORM_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all measurements of a comparison."""

    place: Place
    seconds: float
    size: int
    server_cores: set[int] | None
    generator_cores: set[int] | None
    broker_pids: Sequence[int]
    native: bool = True


class Scene:
    """A running server with its crowd, on which workloads are tried."""

    def __init__(
        self,
        setting: Setting,
        running: Running,
        generator: Generator,
        blank: Measurement,
        *,
        recovering: bool,
    ) -> None:
        self._setting, self._running, self._generator = setting, running, generator
        self._recovering = recovering
        self._blank = blank
        self._memory: dict[str, float | None] = {}

    def arrive(self, watch: Watch) -> Measurement:
        """All clients come in: how many a second, and what memory each of them costs."""
        before, edge_before = self._running.rss_kib(), self._running.edge_memory()
        name = f"{'recover' if self._recovering else 'arrive'}-{self._generator.count}"
        found = self._measured(name, lambda: self._generator.open(_named(watch, name)))
        settled = self._generator.idle(self._setting.seconds * _SETTLE, lambda _: None)
        clients = max(1, settled["ready"])
        self._memory = {"rss_each": (self._running.rss_kib() - before) / clients}
        self._memory |= edge_figures(edge_before, self._running.edge_memory(), clients)
        return replace(found, **self._memory)  # type: ignore[arg-type]

    def try_out(self, workload: Workload, watch: Watch) -> Measurement:
        """Run one workload after a warm-up; what was measured."""
        watched = _named(watch, workload.name)
        seconds = self._setting.seconds * workload.factor
        if isinstance(workload.load, Closed | Rate):
            self._play(workload.load, seconds * _WARM_UP, lambda _: None)
        metrics = self._running.launch.metrics
        pauses_before = pauses.look(metrics)
        found = self._measured(
            workload.name, lambda: self._play(workload.load, seconds, watched)
        )
        pause = pauses.longest_ms(pauses_before, pauses.look(metrics))
        memory = self._memory if isinstance(workload.load, Idle) else {}
        found = replace(found, loop_pause=pause, **memory)  # type: ignore[arg-type]
        # In a closed loop something is always on its way when the time is up.
        return replace(found, late=0) if isinstance(workload.load, Closed) else found

    def _play(self, load: Load, seconds: float, watch: Callable[[Moment], None]) -> Run:
        match load:
            case Closed(outstanding, stride):
                return self._generator.closed(outstanding, seconds, stride, watch)
            case Rate(per_second, stride):
                return self._generator.rate(per_second, seconds, stride, watch)
            case Idle():
                return self._generator.idle(seconds, watch)
            case Storm():
                self._generator.begin_storm(_STORM_SECONDS)
                time.sleep(0.1)
                self._running.kill()
                self._running.start()
                return self._generator.finish(watch)

    def _measured(self, name: str, play: Callable[[], Run]) -> Measurement:
        edge = self._running.edge_cpu()
        server, broker = self._running.cpu(), process.cpu(self._setting.broker_pids)
        pids, all_before = self._running.pids, process.machine_cpu()
        began = time.monotonic()
        run = play()
        elapsed = time.monotonic() - began
        spent = self._running.cpu() - server
        visible = spent if self._running.pids == pids else None  # not if killed meanwhile
        brokers = process.cpu(self._setting.broker_pids) - broker
        edge_after = self._running.edge_cpu()
        busy = process.machine_cpu() - all_before
        ours = run.cpu.total + brokers.total + max(0.0, spent.total)
        others = max(0.0, busy - ours) / elapsed
        blank = replace(self._blank, workload=name, others_share=others)
        found = measurement(blank, run, elapsed, visible, brokers)
        if edge is None or edge_after is None:
            return found
        by_edge = per_delivery((edge_after - edge).total, found.deliveries)
        return replace(found, edge_cpu=by_edge)


def measure(
    setting: Setting,
    contender: Contender,
    workloads: Sequence[Workload],
    turn: int,
    watch: Watch,
) -> list[Measurement]:
    """All workloads of one scene (same audience), after the clients' arrival."""
    first = workloads[0]
    both = (setting.server_cores or set()) | (setting.generator_cores or set())
    cores = both if first.processes > 1 else setting.server_cores
    running = Running(
        contender,
        setting.place,
        clients=first.audience.connections,
        history=first.history,
        nodes=first.nodes,
        workers=first.workers,
        cores=cores,
    )
    with (
        running,
        Generator(
            running.target,
            first.audience,
            setting.size,
            cache=setting.place.cache,
            cores=both if first.processes > 1 else setting.generator_cores,
            native=setting.native,
        ) as generator,
    ):
        between = contender.edge is not None
        blank = Measurement(contender.name, "", turn, 0, 0.0, through_edge=between)
        recovering = first.history and contender.full
        scene = Scene(setting, running, generator, blank, recovering=recovering)
        found = [scene.arrive(watch)]
        found += [scene.try_out(workload, watch) for workload in workloads]
        slower = setting.native and not generator.native
        return [untimed(each) for each in found] if slower else found


def untimed(found: Measurement) -> Measurement:
    """Without what says more about the Python generator than about the server."""
    return replace(found, per_second=None, p50=None, p99=None, slowest=None, moments=[])


def edge_figures(
    before: Memory | None, after: Memory | None, clients: int
) -> dict[str, float | None]:
    """What an edge's memory was before its clients, and by how much each made it grow."""
    if before is None or after is None:
        return {}
    found: dict[str, float | None] = {
        "edge_rss_base": before.rss,
        "edge_rss_each": (after.rss - before.rss) / clients,
    }
    if before.charged is not None and after.charged is not None:
        found["edge_charged_base"] = before.charged
        found["edge_charged_each"] = (after.charged - before.charged) / clients
    return found


def measurement(
    blank: Measurement, run: Run, elapsed: float, server: Cpu | None, broker: Cpu
) -> Measurement:
    """The figures of a run. `server` is None when its processor time cannot be seen."""
    delivered = run["delivered"]
    generator_share, broker_share = run.cpu.total / elapsed, broker.total / elapsed
    server_share = None if server is None else server.total / elapsed
    moving = blank.workload not in ("idle", "storm")
    side = generator_share + broker_share
    seconds = run["window"] or elapsed
    return replace(
        blank,
        connections=run["ready"],
        seconds=elapsed,
        publications=run["published"],
        deliveries=delivered,
        lost=max(0, run["expected"] - delivered),
        late=max(0, delivered - run["in_window"]) if run["in_window"] else 0,
        per_second=run["in_window"] / seconds if run["in_window"] else None,
        cpu_user=None if server is None else per_delivery(server.user, delivered),
        cpu_system=None if server is None else per_delivery(server.system, delivered),
        server_share=server_share,
        generator_share=generator_share,
        broker_share=broker_share,
        p50=run.latency.percentile(50),
        p99=run.latency.percentile(99),
        slowest=run["slowest"] / 1000 if run.latency.count else None,
        connects_per_second=_connects(run),
        recovered=run["recovered"],
        failed=run["failed"] + run["refused"],
        lost_connections=run["lost_connections"],
        bottleneck=bottleneck(side, server_share) if moving else Bottleneck.NEITHER,
        moments=run.moments,
    )


def _connects(run: Run) -> float | None:
    done = run["delivered"] == 0 and run["published"] == 0 and run.latency.count
    return run.latency.count / run["elapsed"] if done else None


def _named(watch: Watch, name: str) -> Callable[[Moment], None]:
    return lambda moment: watch(name, moment)
