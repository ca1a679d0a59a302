"""Figures against their targets: as a table for people, as JSON for everything else."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    figure: float
    unit: str
    limit: float | None = None  # None: told, not judged
    at_least: bool = False  # the limit is a floor, not a ceiling

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return ""
        kept = self.figure >= self.limit if self.at_least else self.figure <= self.limit
        return "kept" if kept else "MISSED"

    @property
    def target(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return "" if self.limit is None else f"{sign} {self.limit:g} {self.unit}"


def percentile(values: Sequence[float], percent: int) -> float:
    if len(values) < 2:
        return values[0] if values else float("nan")
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def missed(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.verdict == "MISSED"]


def table(rows: Sequence[Row]) -> str:
    lines = ["| what | measured | target | |", "|---|---|---|---|"]
    lines += [
        f"| {row.what} | {row.figure:,.4g} {row.unit} | {row.target} | {row.verdict} |"
        if row.figure < 1000
        else f"| {row.what} | {row.figure:,.0f} {row.unit} | {row.target} | {row.verdict} |"
        for row in rows
    ]
    return "\n".join(lines)


def as_json(rows: Sequence[Row], *, quick: bool, load_before: float) -> str:
    about = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(sys.argv),
        "quick": quick,
        "cores": os.cpu_count(),
        "load_1_minute_before": round(load_before, 2),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    measured = [asdict(row) | {"verdict": row.verdict} for row in rows]
    return json.dumps({"about": about, "rows": measured}, indent=1, ensure_ascii=False)


def plot(late: Mapping[str, Sequence[float]], path: Path) -> None:
    """How late viewers saw a change, one cumulative curve for each load."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (half a second, only when asked)

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for load, seconds in late.items():
        values = sorted(second * 1000 for second in seconds)
        axes.plot(values, [(n + 1) / len(values) for n in range(len(values))], label=load)
    axes.set(
        title="From a change to its frame at a viewer, 100 viewers",
        xlabel="milliseconds",
        ylabel="share of frames",
        xscale="log",
        ylim=(0, 1),
    )
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path)
