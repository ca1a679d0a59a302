"""The quick set (`pytest --quick`): tests that start no program of ours, and a few that may.

Left out is a test that uses a fixture which starts a program, or is marked `slow`, `long`,
`alone` or `browser`. What nevertheless starts one fails with that sentence, in every run, so
that the set stays quick by itself. `pytest.mark.quick` keeps a test in it, whatever it starts.
In a whole run the quick files come last: what waits for programs begins, and no long file is
the end.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_STARTERS = frozenset({"browser", "gateway", "stack", "hurt_stack", "start_gateway"})
_LEFT_OUT = ("alone", "browser", "long", "slow")
_ALL_OF_IT = re.compile(rf"^pytestmark = pytest\.mark\.({'|'.join(_LEFT_OUT)})$", re.MULTILINE)
_SAYS = "starts a program: mark the test `slow`, or name its fixture in tests/quick_set.py"


def is_quick(item: pytest.Item) -> bool:
    if item.get_closest_marker("quick"):
        return True
    marked = any(item.get_closest_marker(name) for name in _LEFT_OUT)
    return not marked and _STARTERS.isdisjoint(getattr(item, "fixturenames", ()))


class Guard:
    """Fails what starts a program. What the whole run stands on may, and so may psql."""

    def __init__(self) -> None:
        self._holds = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        with self._set(is_quick(item) and not item.get_closest_marker("quick")):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        with self._set(self._holds and fixturedef.scope != "session"):
            return (yield)

    def hears(self, event: str, facts: tuple[Any, ...]) -> None:
        """An audit hook: stays for as long as the process does."""
        if self._holds and event == "subprocess.Popen" and Path(facts[0]).name != "psql":
            pytest.fail(_SAYS)

    @contextmanager
    def _set(self, holds: bool) -> Iterator[None]:
        before, self._holds = self._holds, holds
        try:
            yield
        finally:
            self._holds = before


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only what one runs before a commit")


def pytest_configure(config: pytest.Config) -> None:
    guard = Guard()
    config.pluginmanager.register(guard)
    sys.addaudithook(guard.hears)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files that are left out as a whole are not even read: that, too, takes its time."""
    if not config.getoption("--quick") or collection_path.suffix != ".py":
        return None
    return bool(_ALL_OF_IT.search(collection_path.read_text())) or None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--quick"):
        slow = [item for item in items if not is_quick(item)]
        items[:] = [item for item in items if is_quick(item)]
        config.hook.pytest_deselected(items=slow)
    elif hasattr(config, "workerinput"):  # one of several: files are handed out in this order
        slow_ones = Counter(item.path for item in items if not is_quick(item))
        items.sort(key=lambda item: -slow_ones[item.path])
