"""Contenders side by side: rounds in which every server does the same work, one by one.

Interleaving is what makes ratios honest: a noisy minute of the machine hits all of them, and a
ratio is only ever taken between two figures of one round.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from realtime_gateway.bench.build import NotHere
from realtime_gateway.bench.contender import Contender
from realtime_gateway.bench.figures import Measurement
from realtime_gateway.bench.generator import GeneratorFailed
from realtime_gateway.bench.measure import Setting, Watch, measure
from realtime_gateway.bench.workload import Storm, Workload, scenes


@dataclass(slots=True)
class Comparison:
    """What came of it; `left_out` says per contender why it could not take part."""

    measurements: list[Measurement] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def of(self, server: str, workload: str) -> list[Measurement]:
        return [m for m in self.measurements if (m.server, m.workload) == (server, workload)]

    @property
    def servers(self) -> list[str]:
        return list(dict.fromkeys(m.server for m in self.measurements))

    @property
    def workloads(self) -> list[str]:
        return list(dict.fromkeys(m.workload for m in self.measurements))


def compare(
    setting: Setting,
    contenders: Sequence[Contender],
    workloads: Sequence[Workload],
    rounds: int,
    watch: Watch,
) -> Comparison:
    """Interrupted, it answers what has been measured until then."""
    comparison = Comparison()
    try:
        for turn in range(1, rounds + 1):
            for scene in scenes(workloads):
                for contender in contenders:
                    for part in _fitting(scene, contender):
                        _take_part(comparison, setting, contender, part, turn, watch)
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
        comparison.measurements += measure(setting, contender, scene, turn, watch)
    except (NotHere, GeneratorFailed) as reason:
        place = (
            contender.name
            if isinstance(reason, NotHere)
            else f"{contender.name}, {scene[0].name}"
        )
        comparison.left_out[place] = str(reason)


def _fitting(scene: Sequence[Workload], contender: Contender) -> Iterator[Sequence[Workload]]:
    """What of a scene this contender can do: history and restarts are for whole servers."""
    plain = [
        w for w in scene if contender.full or not (isinstance(w.load, Storm) or w.processes > 1)
    ]
    fitting = [w for w in plain if contender.full or not w.name.startswith("history")]
    if fitting:
        yield fitting
