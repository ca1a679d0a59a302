"""One HTML file with everything: plots as inline SVG, tables, the command. Needs matplotlib.

Nothing is fetched when it is opened, so it can be attached, mailed and kept.
"""

import html
import io
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gateway_bench.comparison import Comparison
from gateway_bench.figures import Measurement, spread
from gateway_bench.report import Rows

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem;
       padding: 0 1rem; color-scheme: light dark; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0; }
th, td { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid #8884; }
th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; }
figure { margin: 1rem 0; background: #fff; overflow-x: auto; }
pre { white-space: pre-wrap; }
"""
_BARS = (
    ("cpu", "CPU µs a delivery"),
    ("p99", "p99, ms"),
    ("rss_each", "KiB RSS a client"),
    ("connects_per_core", "new clients per second of the server's core"),
)


def page(comparison: Comparison, tables: Sequence[tuple[str, Rows]], notes: str) -> str:
    """One HTML page with tables and plots, which fetches nothing."""
    plots = [_bars(comparison, figure, title) for figure, title in _BARS]
    plots += [_course(comparison, workload) for workload in comparison.workloads]
    body = [f"<figure>{plot}</figure>" for plot in plots if plot]
    body += [f"<h2>{html.escape(title)}</h2>{_table(rows)}" for title, rows in tables if rows]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Gateway benchmark</title>'
        f"<style>{_STYLE}</style><h1>Gateway benchmark</h1>{''.join(body)}"
        f"<pre>{html.escape(notes)}</pre></html>\n"
    )


def _bars(comparison: Comparison, figure: str, title: str) -> str:
    """Medians with the rounds' range, one group of bars a workload, one colour a server."""
    workloads = [w for w in comparison.workloads if _known(comparison, w, figure)]
    if not workloads:
        return ""
    drawing = Figure(figsize=(11, 3.6), layout="constrained")
    axes = drawing.subplots()
    width = 0.8 / len(comparison.servers)
    named: set[str] = set()
    for place, server in enumerate(comparison.servers):
        for x, workload in enumerate(workloads):
            found = spread(getattr(m, figure) for m in comparison.of(server, workload))
            if found is not None:
                around = [[found.median - found.low], [found.high - found.median]]
                axes.bar(
                    x + place * width, found.median, width, yerr=around, color=f"C{place}",
                    label=None if server in named else server, error_kw={"linewidth": 0.8},
                )  # fmt: skip
                named.add(server)
    places = [x + 0.4 - width / 2 for x in range(len(workloads))]
    axes.set_xticks(places, workloads, rotation=30, ha="right")
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_yscale("log")
    _finish(axes)
    return _svg(drawing)


def _course(comparison: Comparison, workload: str) -> str:
    """Deliveries a second, p99 and connections over the time of the first round."""
    first = [m for m in comparison.measurements if m.workload == workload and m.moments]
    runs = [m for m in first if m.round == min(n.round for n in first)]
    if not runs:
        return ""
    drawing = Figure(figsize=(11, 2.4), layout="constrained")
    curves = (("deliveries/s", "per_second"), ("p99, ms", "p99"), ("clients", "connections"))
    for axes, (title, name) in zip(drawing.subplots(1, 3), curves, strict=True):
        for run in runs:
            _line(axes, run, name)
        axes.set_title(f"{workload}: {title}", loc="left", fontsize=9)
        _finish(axes)
    return _svg(drawing)


def _line(axes: Axes, run: Measurement, name: str) -> None:
    points = [(m.at, getattr(m, name)) for m in run.moments if getattr(m, name) is not None]
    axes.plot([x for x, _ in points], [y for _, y in points], label=run.server, linewidth=1)


def _finish(axes: Axes) -> None:
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", linewidth=0.3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def _known(comparison: Comparison, workload: str, figure: str) -> bool:
    runs = (m for s in comparison.servers for m in comparison.of(s, workload))
    return any(getattr(m, figure) for m in runs)


def _svg(drawing: Figure) -> str:
    out = io.StringIO()
    drawing.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()[out.getvalue().index("<svg") :]


def _table(rows: Rows) -> str:
    head, *lines = rows
    cells = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in lines
    )
    return f"<table><tr>{cells}</tr>{body}</table>"
