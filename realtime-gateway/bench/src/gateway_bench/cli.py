"""The command line: reads arguments, runs what they ask for, prints and writes the result.

Exit code: 0 done, 1 nothing could be measured, 2 wrong arguments.
"""

import argparse
import importlib
import importlib.util
import ipaddress
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from gateway_bench import feed, process, report
from gateway_bench.arguments import parser
from gateway_bench.audience import Audience
from gateway_bench.build import NotHere
from gateway_bench.comparison import Comparison, compare
from gateway_bench.contender import CONTENDERS, Contender, Place, user_tokens
from gateway_bench.dialect import centrifuge
from gateway_bench.edge_table import load_table, memory_table
from gateway_bench.feed import Feed, Log
from gateway_bench.generator import GeneratorFailed, Target
from gateway_bench.measure import Setting
from gateway_bench.phase import PHASES, Plan, load_test
from gateway_bench.progress import Progress
from gateway_bench.running import Broker
from gateway_bench.workload import ALL, PEERS, QUICK, Workload, named, shrunk

_SPARE_FILES = 100
_MOST_FILES = 65_536
_QUICK_CONNECTIONS, _QUICK_SECONDS = 200, 0.5


def main(arguments: Sequence[str]) -> int:
    """Run the command line; the exit code."""
    asked = parser().parse_args(arguments)
    asked.said = report.without_secrets(arguments)
    progress = Progress(sys.stderr)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that servers are stopped
    try:
        comparison = _load_test(asked, progress) if asked.url else _compare(asked, progress)
    except (NotHere, GeneratorFailed, ValueError, KeyError) as reason:
        progress.clear()
        print(f"bench: {reason}", file=sys.stderr)
        return 2 if isinstance(reason, ValueError | KeyError) else 1
    progress.clear()
    _show(comparison, asked)
    return 0 if comparison.measurements else 1


def _compare(asked: argparse.Namespace, progress: Progress) -> Comparison:
    files = process.raise_file_limit(_MOST_FILES)
    most = min(asked.max_connections or files, files - _SPARE_FILES)
    rounds = asked.rounds
    if asked.quick:
        most, rounds, asked.seconds = min(most, _QUICK_CONNECTIONS), 1, _QUICK_SECONDS
    workloads = [shrunk(workload, most) for workload in _workloads(asked)]
    cores = sorted(os.sched_getaffinity(0))
    server = {cores[0]} if len(cores) > 1 else None
    rest = set(cores[1:]) if len(cores) > 1 else None
    with _workspace() as folder, _redis(asked.redis, folder, rest) as (url, pids):
        place = Place(
            folder,
            asked.cache,
            url,
            files,
            nginx=asked.nginx,
            nchan_module=asked.nchan_module,
            haproxy=asked.haproxy,
        )
        setting = Setting(
            place, asked.seconds, asked.size, server, rest, pids, not asked.python_generator
        )
        with process.pinned(rest):
            return compare(
                setting,
                _contenders(asked),
                workloads,
                rounds,
                progress,
                keep=partial(_write_document, asked),
            )


def _load_test(asked: argparse.Namespace, progress: Progress) -> Comparison:
    process.raise_file_limit(asked.connections + _SPARE_FILES)
    address = urlsplit(asked.url)
    if address.scheme != "ws" or not address.hostname:
        raise ValueError("--url must be ws://host:port/path (no TLS: test behind your proxy)")
    host, port = socket.gethostbyname(address.hostname), address.port or 80
    local = ipaddress.ip_address(host).is_loopback
    if not local:
        print(
            f"bench: {address.hostname} is not this machine: load it only if it is yours",
            file=sys.stderr,
        )
    path = address.path + (f"?{address.query}" if address.query else "")
    dialect = centrifuge(path or "/connection/websocket", namespace=asked.namespace)
    target = Target(host, port, dialect, _feed(asked), _tokens(asked))
    phases = [phase for phase in PHASES if phase in asked.phases.split(",")]
    if asked.quick:
        asked.seconds, asked.connections = (
            _QUICK_SECONDS,
            min(asked.connections, _QUICK_CONNECTIONS),
        )
    plan = Plan(
        phases, asked.seconds, asked.rate, asked.outstanding, asked.size, asked.connect_seconds
    )
    audience = Audience(asked.connections, asked.channels)
    pids = process.listeners(port) if local else []
    native = not asked.python_generator
    return load_test(
        target, audience, plan, progress, pids=pids, cache=asked.cache, native=native
    )


def _feed(asked: argparse.Namespace) -> Feed:
    if asked.publish_api:
        key = os.environ[asked.api_key_env] if asked.api_key_env else None
        return feed.publish_api(asked.publish_api, key, asked.namespace)
    if asked.redis:
        return feed.gateway_redis(asked.redis, Log(asked.prefix, asked.namespace))
    raise ValueError("say where to publish: --redis URL or --publish-api URL")


def _tokens(asked: argparse.Namespace) -> list[str]:
    if asked.token_hmac_env:
        return user_tokens(os.environ[asked.token_hmac_env], asked.connections)
    return [os.environ[asked.token_env]] if asked.token_env else []


def _contenders(asked: argparse.Namespace) -> list[Contender]:
    names = [
        contender.name for contender in CONTENDERS if asked.peers or contender.name in _USUAL
    ]
    if asked.servers:
        names = asked.servers.split(",")
    if unknown := set(names) - {contender.name for contender in CONTENDERS}:
        raise ValueError(f"no such server: {', '.join(sorted(unknown))}")
    return [contender for contender in CONTENDERS if contender.name in names]


_USUAL = ("gateway", "caddy", "haproxy", "caddy-tls", "haproxy-tls", "c", "c-joined")


def _workloads(asked: argparse.Namespace) -> list[Workload]:
    if asked.workloads:
        return named(asked.workloads.split(","))
    return named(QUICK if asked.quick else PEERS if asked.peers else [w.name for w in ALL])


@contextmanager
def _workspace() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        yield Path(folder)


@contextmanager
def _redis(
    given: str | None, folder: Path, cores: set[int] | None
) -> Iterator[tuple[str, list[int]]]:
    """The Redis to use and its processes: the given one, or one of our own."""
    if given:
        yield given, process.listeners(urlsplit(given).port or 6379)
        return
    broker = Broker(folder, cores)
    try:
        yield broker.url, [broker.pid]
    finally:
        broker.stop()


def _show(comparison: Comparison, asked: argparse.Namespace) -> None:
    noise = _noise(asked, comparison)
    tables = [
        ("Figures, medians of the rounds", report.table(comparison.measurements)),
        ("Through an edge, in units of the gateway's own port", load_table(comparison)),
        ("Memory of the edge", memory_table(comparison)),
        ("Ratios", report.ratio_table(comparison)),
        ("Targets", [] if asked.quick else report.target_table(comparison)),
    ]
    for title, rows in tables:
        if rows:
            print(f"\n{title}\n{report.text(rows)}")
    for name, version in comparison.versions.items():
        print(f"{name}: {version}")
    for name, reason in comparison.left_out.items():
        print(f"left out: {name}: {reason}")
    for line in noise:
        print(f"warning: {line}")
    _write_document(asked, comparison)
    if asked.html:
        command = "python -m gateway_bench " + " ".join(asked.said)
        _write_page(asked.html, comparison, tables, "\n".join([command, *noise]))


def _write_document(asked: argparse.Namespace, comparison: Comparison) -> None:
    """What there is up to now: whoever loses patience after an hour keeps it."""
    if asked.json:
        noise = _noise(asked, comparison)
        asked.json.write_text(report.document(comparison, asked.said, noise))


def _noise(asked: argparse.Namespace, comparison: Comparison) -> list[str]:
    return report.warnings(comparison.measurements, native=not asked.python_generator)


def _write_page(
    path: Path, comparison: Comparison, tables: list[tuple[str, report.Rows]], notes: str
) -> None:
    # matplotlib is a tool of developers: the package does not ask for it.
    if importlib.util.find_spec("matplotlib") is None:
        print("no plots: matplotlib is not installed", file=sys.stderr)
        return
    plot = importlib.import_module("gateway_bench.plot")
    path.write_text(plot.page(comparison, tables, notes))
