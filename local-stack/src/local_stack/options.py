"""Options of commands.

Those of `up` are shared by `./notes`, before anything is installed, and `local_stack`.
"""

import os
from argparse import ArgumentParser, ArgumentTypeError

_TEST = """\
Run the tests. Without arguments that choose some: the unit tests of the pages' scripts (Node),
then every promise on the whole system, several tests at a time. What else is said goes to
pytest. The logs of servers under a test that failed are kept in .test-logs. --quick is for
before a commit: the scripts, and tests that start no program of ours; the services run inside
pytest, on a real PostgreSQL and Valkey. --long is what CI runs besides: random kills, requests,
models and benchmarks for some twenty minutes, the last of them with the machine to themselves.
"""
_TEST_EXAMPLES = """\
before a push:        ./notes test                            with a list: --durations=20
before a commit:      ./notes test --quick                    or: python3.13 notes test --quick
what takes long:      ./notes test --long
a part:               ./notes test notes-service -k relay     two at a time: -n 2
what failed last:     ./notes test --last-failed
the pages' scripts:   ./notes test --scripts
with Docker:          ./notes test --engine                   builds the images and starts them
"""


def add_up(parser: ArgumentParser, default_data: str) -> None:
    """Add the options of `./notes up`."""
    parser.add_argument(
        "--port", type=port, default=3000, metavar="N", help="where the pages are (3000)"
    )
    parser.add_argument(
        "--data", default=default_data, metavar="DIR", help="where everything is kept (.notes)"
    )
    parser.add_argument(
        "--demo", action="store_true", help="fill in a few notes and two users, once"
    )
    parser.add_argument(
        "--sign-up",
        choices=["open", "invite", "closed"],
        default="open",
        help="who may make an account (open)",
    )
    parser.add_argument(
        "--gateways", type=int, choices=range(1, 9), default=1, metavar="N",
        help="how many gateway nodes to start, 1 to 8 (1)",
    )  # fmt: skip


def add_test(parser: ArgumentParser) -> None:
    """Add the options of `./notes test`."""
    parser.description, parser.epilog = _TEST, _TEST_EXAMPLES
    parser.add_argument(
        "--no-browser", action="store_true", help="leave out what needs Chromium"
    )
    parser.add_argument(
        "--scripts", action="store_true", help="only the unit tests of the pages' scripts"
    )
    parser.add_argument(
        "--engine", action="store_true", help="only those on a Docker Engine, if one answers"
    )
    parser.add_argument(
        "--quick", action="store_true", help="what one runs before a commit: a minute or so"
    )
    parser.add_argument(
        "--long", action="store_true", help="what takes minutes, and is left out otherwise"
    )
    at_once = _at_once(os.cpu_count() or 1, _memory_gib())
    parser.add_argument(
        "--workers", type=int, choices=range(1, 17), default=at_once, metavar="N",
        help=f"how many at a time where all are run, 1 to 16 ({at_once})",
    )  # fmt: skip


def _at_once(cores: int, memory_gib: float) -> int:
    """How many tests at a time. Half of each is waiting; each brings 3 GiB of servers."""
    return max(2, min(cores + 1, int(memory_gib / 3), 6))


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def add_secrets(parser: ArgumentParser, default_folder: str) -> None:
    """Add the options of `./notes secrets`."""
    parser.add_argument("folder", nargs="?", default=default_folder, metavar="DIR")
    parser.add_argument(
        "--rotate", metavar="NAME", help="give one a new value, and say what makes it count"
    )
    parser.add_argument(
        "--forget", metavar="NAME", help="drop the old encryption key, when all is sealed anew"
    )


def port(text: str) -> int:
    """A port number; ArgumentTypeError if it is none."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ArgumentTypeError(f"{text} is not a port (1 to 65535)")
    return int(text)
