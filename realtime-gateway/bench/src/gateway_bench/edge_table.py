"""What people read of an edge: its cost beside the gateway's own port, and its memory. Pure.

Ratios are of one round, as everywhere. How many sockets fit into a container's memory is
arithmetic from what one was measured to cost, so the number that was measured stands beside it.
"""

from collections.abc import Sequence

from gateway_bench.comparison import Comparison
from gateway_bench.figures import Measurement, ratios, sockets_in, spread
from gateway_bench.report import Rows, number, ranged

_CONTAINER_KIB = 256 * 1024  # what compose.yaml gives an edge
_LOADS = ("cpu", "edge_cpu", "p50", "p99", "per_second", "connects_per_core")
_RATIOS = ("cpu", "p50", "p99", "per_second", "connects_per_core")


def load_table(comparison: Comparison) -> Rows:
    """What the way through an edge costs, beside the same work at the gateway's own port."""
    titles = ("CPU µs", "of it edge", "p50 ms", "p99 ms", "deliveries/s", "connects a core-s")
    rows = [["workload", "through", "clients", *titles, *(f"{x} /" for x in _RATIOS)]]
    for workload, server, runs in _through(comparison):
        own = comparison.of("gateway", workload)
        figures = [number(_middle(runs, name)) for name in _LOADS]
        times = [ranged(ratios(runs, own, name)) for name in _RATIOS]
        if set(figures) - {"-"}:
            rows.append([workload, server, f"{runs[0].connections:,}", *figures, *times])
    return rows if len(rows) > 1 else []


def memory_table(comparison: Comparison) -> Rows:
    """KiB a socket of each edge, by itself and as a container's limit counts it."""
    titles = ("KiB RSS", "KiB charged", "base MiB", "sockets in 256 MiB", "measured up to")
    rows = [["workload", "edge", *titles]]
    for workload, server, runs in _through(comparison):
        if _middle(runs, "edge_rss_each") is None:
            continue
        each, charged = (_middle(runs, f"edge_{name}_each") for name in ("rss", "charged"))
        bases = (_middle(runs, f"edge_{name}_base") for name in ("rss", "charged"))
        rss_base, charged_base = bases
        base = rss_base if charged is None else charged_base
        fit = sockets_in(_CONTAINER_KIB, base, charged or each)
        mib = None if base is None else base / 1024
        measured = max(run.connections for run in runs)
        cells = [number(each), number(charged), number(mib), number(fit), f"{measured:,}"]
        rows.append([workload, server, *cells])
    return rows if len(rows) > 1 else []


def _through(comparison: Comparison) -> list[tuple[str, str, list[Measurement]]]:
    keys = dict.fromkeys(
        (m.workload, m.server) for m in comparison.measurements if m.through_edge
    )
    return [(workload, server, comparison.of(server, workload)) for workload, server in keys]


def _middle(runs: Sequence[Measurement], figure: str) -> float | None:
    found = spread(getattr(m, figure) for m in runs)
    return found.median if found else None
