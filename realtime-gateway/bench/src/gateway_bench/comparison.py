"""Contenders side by side: rounds in which every server does the same work, one by one.

Interleaving is what makes ratios honest: a noisy minute of the machine hits all of them, and a
ratio is only ever taken between two figures of one round.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from gateway_bench.build import NotHere
from gateway_bench.contender import Contender
from gateway_bench.edge import most_clients
from gateway_bench.figures import Measurement
from gateway_bench.generator import GeneratorFailed
from gateway_bench.measure import Setting, Watch, measure
from gateway_bench.workload import Storm, Workload, scenes, shrunk

_WITH_TLS = ("fanout-w2", "idle")


@dataclass(slots=True)
class Comparison:
    """What came of it; `left_out` says per contender why it could not take part."""

    measurements: list[Measurement] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)  # of the edges

    def of(self, server: str, workload: str) -> list[Measurement]:
        """The measurements of one server under one workload, one for each round."""
        return [m for m in self.measurements if (m.server, m.workload) == (server, workload)]

    @property
    def servers(self) -> list[str]:
        """The servers that were measured, in the order in which they came."""
        return list(dict.fromkeys(m.server for m in self.measurements))

    @property
    def workloads(self) -> list[str]:
        """The workloads that were measured, in the order in which they came."""
        return list(dict.fromkeys(m.workload for m in self.measurements))


def compare(
    setting: Setting,
    contenders: Sequence[Contender],
    workloads: Sequence[Workload],
    rounds: int,
    watch: Watch,
    *,
    keep: Callable[[Comparison], None] = lambda _: None,
) -> Comparison:
    """Interrupted, it answers what has been measured until then; `keep` hears of each round."""
    comparison = Comparison()
    try:
        for turn in range(1, rounds + 1):
            for scene in scenes(workloads):
                for contender in contenders:
                    for part in fitting(scene, contender, setting.place.open_files):
                        _take_part(comparison, setting, contender, part, turn, watch)
            keep(comparison)
    except KeyboardInterrupt:
        comparison.left_out["the rest"] = "interrupted"
    return comparison


def _take_part(
    comparison: Comparison,
    setting: Setting,
    contender: Contender,
    scene: Sequence[Workload],
    turn: int,
    watch: Watch,
) -> None:
    try:
        if contender.edge is not None:
            given = setting.place.haproxy
            comparison.versions[contender.edge.name] = contender.edge.version(given)
        comparison.measurements += measure(setting, contender, scene, turn, watch)
    except (NotHere, GeneratorFailed) as reason:
        place = (
            contender.name
            if isinstance(reason, NotHere)
            else f"{contender.name}, {scene[0].name}"
        )
        comparison.left_out[place] = str(reason)


def fitting(
    scene: Sequence[Workload], contender: Contender, open_files: int
) -> Iterator[Sequence[Workload]]:
    """What of a scene this contender can do: history and restarts are for whole servers.

    An edge has two sockets for a client, and clients with TLS are slow ones (Python's).
    """
    found = list(scene)
    if not contender.full:
        found = [w for w in found if not (isinstance(w.load, Storm) or w.processes > 1)]
        found = [w for w in found if not w.name.startswith("history")]
    if contender.tls:
        found = [w for w in found if w.name in _WITH_TLS]
    if contender.edge is not None:
        found = [shrunk(w, most_clients(open_files)) for w in found]
    if found:
        yield found
