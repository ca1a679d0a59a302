"""Load of people on the whole system, by Locust: ./notes bench locust

Starts a whole stack of its own with the demo's notes and users, sends people to its pages and
sockets, prints Locust's table, and removes everything again. With --host it goes to a system
that runs already (`--accounts` says who may log in there). Locust has its own environment,
.venv/locust: what it does to the standard library stays there.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from bench_stack import own_stack
from local_stack import demo

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(__file__).with_name("locustfile.py")
LOCUST = Path(sys.prefix) / "locust" / "bin" / "python"


def main() -> int:
    parser = argparse.ArgumentParser(prog="./notes bench locust", description=__doc__)
    parser.add_argument("--users", type=int, default=40, metavar="N", help="people (40)")
    parser.add_argument("--seconds", type=int, default=60, metavar="S", help="how long (60)")
    parser.add_argument("--host", metavar="URL", help="a running system, as browsers see it")
    parser.add_argument(
        "--accounts", type=Path, metavar="FILE", default=ROOT / ".notes" / "demo.json",
        help="who logs in there (.notes/demo.json)",
    )  # fmt: skip
    parser.add_argument("--csv", metavar="PREFIX", help="keep the figures in PREFIX_*.csv")
    given = parser.parse_args()
    if given.host:
        return _run(given, given.host, given.accounts)
    with own_stack("locust") as stack:
        demo.load(stack)
        return _run(given, stack.url, stack.data_dir / "demo.json")


def _run(given: argparse.Namespace, host: str, accounts: Path) -> int:
    """Locust's exit status: 1 when a request failed."""
    command = [LOCUST, "-m", "locust", "--locustfile", FILE, "--headless", "--only-summary"]
    command += ["--host", host, "--accounts", accounts, "--stop-timeout", 5]
    command += ["--users", given.users, "--spawn-rate", max(1, given.users // 10)]
    command += ["--run-time", f"{given.seconds}s"]
    command += ["--csv", given.csv] if given.csv else []
    return subprocess.run([str(part) for part in command], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
