"""What people read of a result: a plain table, the targets, and the same as JSON."""

import json
import os
import platform
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from gateway_bench.comparison import Comparison
from gateway_bench.figures import Bottleneck, Measurement, Spread, ratios, spread
from gateway_bench.target import TARGETS

_COLUMNS = (
    ("deliveries/s", "per_second"),
    ("CPU µs", "cpu"),
    ("of it user", "cpu_user"),
    ("p50 ms", "p50"),
    ("p99 ms", "p99"),
    ("slowest", "slowest"),
    ("lost", "lost"),
    ("late", "late"),
    ("KiB each", "rss_each"),
    ("connects/s", "connects_per_second"),
    ("a core-s", "connects_per_core"),
    ("server", "server_share"),
    ("generator", "generator_share"),
    ("others", "others_share"),
)

_QUIET = 0.1  # of a core
_PASSWORD = re.compile(r"(//[^/@\s]*:)[^/@\s]*@")
Rows = list[list[str]]


def table(measurements: Sequence[Measurement]) -> Rows:
    """One line per workload and server: medians of the rounds."""
    keys = dict.fromkeys((m.workload, m.server) for m in measurements)
    rows = [["workload", "server", *(title for title, _ in _COLUMNS), "held down by"]]
    for workload, server in keys:
        runs = [m for m in measurements if (m.workload, m.server) == (workload, server)]
        figures = (spread(getattr(m, name) for m in runs) for _, name in _COLUMNS)
        rows.append(
            [workload, server, *(_median(figure) for figure in figures), _held_down(runs)]
        )
    return rows


def ratio_table(comparison: Comparison) -> Rows:
    """The gateway in units of each other server: median and (min-max) of the rounds.

    What is an edge before it has a table of its own, where the gateway is the unit.
    """
    figures = ("cpu", "per_second", "p50", "p99", "rss_each", "connects_per_core")
    rows = [["workload", "gateway /", *figures]]
    for workload in comparison.workloads:
        ours = comparison.of("gateway", workload)
        for server in comparison.servers:
            theirs = comparison.of(server, workload)
            found = [ratios(ours, theirs, figure) for figure in figures]
            aside = server == "gateway" or any(m.through_edge for m in theirs)
            if not aside and any(found):
                rows.append([workload, server, *map(ranged, found)])
    return rows if len(rows) > 1 else []


def target_table(comparison: Comparison) -> Rows:
    """The targets, what was measured, and whether it is enough."""
    words = {True: "met", False: "MISSED"}
    busy = _noise(comparison.measurements) is not None
    rows = [["target", "bound", "median (min-max)", ""]]
    for target in TARGETS:
        found = target.find(comparison)
        met = target.met(found)
        if met is not None:
            word = "not judged: busy machine" if target.timed and busy else words[met]
            rows.append([target.what, target.bound, ranged(found), word])
    return rows if len(rows) > 1 else []


def warnings(measurements: Sequence[Measurement], native: bool) -> list[str]:
    """What a reader must know before believing the figures."""
    found = []
    if not native:
        found.append("no C compiler: the generator is Python and is the bottleneck early")
    if noise := _noise(measurements):
        found.append(noise)
    for m in measurements:
        if m.bottleneck is Bottleneck.GENERATOR:
            found.append(
                f"{m.server}, {m.workload}, round {m.round}: the generator was the bottleneck "
                f"({_share(m.generator_share)} of a core, broker {_share(m.broker_share)}, "
                f"server {_share(m.server_share)}): its deliveries/s say nothing of the server"
            )
        if m.workload != "storm" and (m.failed or m.lost_connections):
            found.append(
                f"{m.server}, {m.workload}, round {m.round}: {m.failed} failed handshakes or "
                f"refusals, {m.lost_connections} connections lost"
            )
    return found


def _noise(measurements: Sequence[Measurement]) -> str | None:
    """What else ran on the machine: with it, times are upper bounds and rates lower ones."""
    found = spread(m.others_share for m in measurements)
    if found is None or found.median < _QUIET:
        return None
    return (
        f"the machine was not quiet: others took {found.median:.2f} cores ({found.low:.2f}-"
        f"{found.high:.2f}); trust CPU figures, not latencies and rates"
    )


def text(rows: Rows) -> str:
    """Aligned columns; names to the left, figures to the right."""
    if not rows:
        return ""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(_line(row, widths).rstrip() for row in rows)


def document(comparison: Comparison, command: Sequence[str], noise: Iterable[str]) -> str:
    """Everything as JSON, with the command and the machine that made it."""
    found: dict[str, Any] = {
        "command": ["python", "-m", "gateway_bench", *command],
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "warnings": list(noise),
        "left_out": comparison.left_out,
        "edges": comparison.versions,
        "measurements": [
            asdict(m) | {"cpu": m.cpu, "connects_per_core": m.connects_per_core}
            for m in comparison.measurements
        ],
    }
    return json.dumps(found, indent=1)


def without_secrets(arguments: Sequence[str]) -> list[str]:
    """The arguments with the passwords of addresses left out: results are passed on."""
    return [_PASSWORD.sub(r"\1***@", argument) for argument in arguments]


def machine() -> dict[str, str | int | None]:
    """What the figures were measured on."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "load": f"{os.getloadavg()[0]:.2f} over the last minute",
    }


def number(value: float | None) -> str:
    """A number for people: three digits, or whole from 1,000 on; `-` if there is none."""
    if value is None:
        return "-"
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def ranged(found: Spread | None) -> str:
    """A median with the smallest and the largest."""
    if found is None:
        return "-"
    return f"{number(found.median)} ({number(found.low)}-{number(found.high)})"


def _median(found: Spread | None) -> str:
    return number(found.median if found else None)


def _held_down(runs: Sequence[Measurement]) -> str:
    return "/".join(dict.fromkeys(m.bottleneck.value for m in runs))


def _share(value: float | None) -> str:
    return "?" if value is None else f"{value:.0%}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if column < 2 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells)
