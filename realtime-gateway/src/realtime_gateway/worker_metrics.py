"""What the workers of one gateway tell each other: their counts, and whether they are ready.

Each writes a file of its own every second, into a folder that their parent made; so whichever
of them is asked for `/metrics` answers for all. A worker that was started again goes on from
what its predecessor had counted: a sum of counters never falls.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry, Metric

TELL_SECONDS: Final = 1.0
FRESH_SECONDS: Final = 3.0

Totals = dict[str, Metric]


@dataclass(frozen=True, slots=True)
class WorkerSlot:
    """A worker's place among its siblings."""

    number: int
    folder: Path

    @classmethod
    def parse(cls, text: str) -> "WorkerSlot":
        """Read what `str` made: `<number>:<folder>`."""
        number, _, folder = text.partition(":")
        return cls(int(number), Path(folder))

    def __str__(self) -> str:
        return f"{self.number}:{self.folder}"

    @property
    def file(self) -> Path:
        """Where the worker writes its counts."""
        return self.folder / f"worker-{self.number}.json"

    @property
    def heartbeat(self) -> float | None:
        """When (`time.time`) the worker last wrote; None if it never has."""
        try:
            return self.file.stat().st_mtime
        except FileNotFoundError:
            return None


class WorkerMetrics:
    """One worker's own page, and a look at the others'."""

    def __init__(self, slot: WorkerSlot, own: Callable[[], Iterable[Metric]]) -> None:
        self._slot = slot
        self._own = own
        self._inherited = [metric for metric in _read(slot.file)[1] if metric.type != "gauge"]

    def write(self, *, is_ready: bool) -> None:
        """Write this worker's counts, and whether it is ready, in one step."""
        page = {"ready": is_ready, "metrics": [_plain(each) for each in self._of_this_slot()]}
        unfinished = self._slot.file.with_suffix(".new")
        unfinished.write_text(json.dumps(page), encoding="utf-8")
        unfinished.replace(self._slot.file)

    def totals(self) -> Iterable[Metric]:
        """The sums of all workers: this one's counts now, the others' of a second ago."""
        found = [*self._of_this_slot()]
        for file in self._others():
            found += _read(file)[1]
        return _sum(found)

    def another_is_ready(self) -> bool:
        """Whether any other worker said so in the last `FRESH_SECONDS`."""
        oldest = time.time() - FRESH_SECONDS
        return any(
            is_ready and written >= oldest
            for is_ready, _, written in map(_read, self._others())
        )

    def _of_this_slot(self) -> Iterable[Metric]:
        return _sum([*self._own(), *self._inherited])

    def _others(self) -> list[Path]:
        return [
            each for each in self._slot.folder.glob("worker-*.json") if each != self._slot.file
        ]


class SharedRegistry(CollectorRegistry):
    """A worker's registry, which shows the sums of all workers."""

    def __init__(self, slot: WorkerSlot) -> None:
        super().__init__()
        self.worker_metrics = WorkerMetrics(slot, super().collect)

    def collect(self) -> Iterable[Metric]:
        """The sums of all workers."""
        return self.worker_metrics.totals()


def _plain(metric: Metric) -> list[Any]:
    samples = [[each.name, each.labels, each.value] for each in metric.samples]
    return [metric.name, metric.documentation, metric.type, samples]


def _read(file: Path) -> tuple[bool, list[Metric], float]:
    try:
        written = file.stat().st_mtime
        page = json.loads(file.read_bytes())
    except FileNotFoundError:
        return False, [], 0.0
    metrics = []
    for name, text, kind, samples in page["metrics"]:
        metric = Metric(name, text, kind)
        for sample in samples:
            metric.add_sample(*sample)
        metrics.append(metric)
    return page["ready"], metrics, written


def _sum(metrics: Iterable[Metric]) -> Iterable[Metric]:
    families: dict[str, Metric] = {}
    values: dict[str, dict[tuple[Any, ...], float]] = {}
    for metric in metrics:
        families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
        found = values.setdefault(metric.name, {})
        for sample in metric.samples:
            key = (sample.name, *sorted(sample.labels.items()))
            found[key] = (
                _both(metric.type, sample.name, found[key], sample.value)
                if key in found
                else sample.value
            )
    for name, family in families.items():
        for (sample_name, *labels), value in values[name].items():
            family.add_sample(sample_name, dict(labels), value)
    return families.values()


def _both(kind: str, name: str, one: float, other: float) -> float:
    if name.endswith("_created"):
        return min(one, other)
    if kind == "gauge" and name.endswith("_seconds"):
        return max(one, other)  # a lag: that of the worst
    return one + other
