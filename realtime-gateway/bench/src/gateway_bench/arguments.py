"""What can be asked for on the command line, and what the words mean. No side effects."""

import argparse
from pathlib import Path

from gateway_bench.build import default_cache
from gateway_bench.contender import CONTENDERS
from gateway_bench.phase import PHASES
from gateway_bench.workload import ALL

_ABOUT = """
Load a server that speaks the Centrifuge protocol (--url), or compare this gateway with the
kernel's limit and with its peers, each started here, pinned to one core, one after the other.

  load test        %(prog)s --url ws://127.0.0.1:8000/connection/websocket --redis URL
  compare with C   %(prog)s
  with all peers   %(prog)s --peers
  a quick look     %(prog)s --quick
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    found = argparse.ArgumentParser(
        prog="python -m gateway_bench",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _common(found)
    _load_test(found.add_argument_group("load test of a running server"))
    _comparison(found.add_argument_group("comparison"))
    return found


def _common(group: argparse.ArgumentParser) -> None:
    group.add_argument("--redis", metavar="URL", help="publish here (default: start a Valkey)")
    group.add_argument("--size", type=int, default=200, help="bytes of a message a client gets")
    group.add_argument("--seconds", type=float, default=5.0, help="of each measured run")
    group.add_argument("--quick", action="store_true", help="a small run that proves it works")
    group.add_argument("--json", type=Path, metavar="FILE", help="write the result as JSON")
    group.add_argument("--html", type=Path, metavar="FILE", help="write tables and plots")
    group.add_argument("--cache", type=Path, default=default_cache(), help="for built programs")
    group.add_argument(
        "--python-generator", action="store_true", help="do not use (or build) the C generator"
    )


def _load_test(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--url", help="ws://host:port/path of the server")
    group.add_argument("--connections", type=int, default=1_000)
    group.add_argument("--channels", type=int, default=1)
    group.add_argument("--phases", default=",".join(PHASES), help="of %(default)s")
    group.add_argument("--connect-seconds", type=float, default=60.0, help="at most")
    group.add_argument("--rate", type=float, default=50.0, help="publications/s while steady")
    group.add_argument("--outstanding", type=int, default=32, help="publications in a burst")
    group.add_argument("--namespace", default="bench:", help="what channels' names begin with")
    group.add_argument("--prefix", default="gateway", help="of the gateway's keys in Redis")
    group.add_argument("--publish-api", metavar="URL", help="publish by the server API instead")
    group.add_argument("--api-key-env", metavar="NAME", help="variable with the API key")
    group.add_argument("--token-env", metavar="NAME", help="variable with one token for all")
    group.add_argument(
        "--token-hmac-env", metavar="NAME", help="variable with the secret: a token for each"
    )


def _comparison(group: argparse._ArgumentGroup) -> None:
    names = ",".join(contender.name for contender in CONTENDERS)
    group.add_argument("--peers", action="store_true", help="with every peer that runs here")
    group.add_argument("--servers", metavar="LIST", help=f"of {names}")
    group.add_argument(
        "--workloads", metavar="LIST", help="of " + ",".join(workload.name for workload in ALL)
    )
    group.add_argument("--rounds", type=int, default=3)
    group.add_argument(
        "--max-connections", type=int, help="shrink workloads to so many clients"
    )
    group.add_argument("--nginx", metavar="PATH", help="nginx, if it is not on the PATH")
    group.add_argument("--haproxy", metavar="PATH", help="HAProxy, if it is not on the PATH")
    group.add_argument("--nchan-module", metavar="PATH", help="ngx_nchan_module.so")
