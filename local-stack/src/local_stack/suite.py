"""The suite in three sizes, each of several runs with a summary of its own.

Whoever changes something runs the whole one: the pages' scripts under Node, then every test but
the long ones, in several processes with servers of their own. The quick one is a part of it.
The long one is the rest: what looks for minutes, and then what bears nothing beside it. All
runs are made whatever fails, and one failure is a failure.
"""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_stack.bootstrap import Environment
from local_stack.frontend_build import FrontendBuild

_NEVER_ENDED = (0, 1, 5)  # pytest: all passed, some failed, none found; else it was broken off
_CHOOSING = ("-k", "-m", "--lf", "--last-failed", "--sw", "--stepwise")


def is_part(arguments: Sequence[str]) -> bool:
    """Whether pytest's arguments choose tests; `-x` and `--durations=9` do not."""
    return any(not each.startswith("-") or each.startswith(_CHOOSING) for each in arguments)


def test_scripts(frontend: FrontendBuild) -> bool:
    """Whether the unit tests of the pages' scripts pass."""
    return not frontend.has_script("test") or frontend.try_npm("run", "--silent", "test")


@dataclass(frozen=True, slots=True)
class Suite:
    """Runs the tests, in the sets that `./notes test` offers."""

    environment: Environment
    frontend: FrontendBuild
    env: Mapping[str, str]

    def run(self, arguments: Sequence[str], *, workers: int, browser: bool) -> int:
        """The exit status: 0 if everything passed."""
        scripts_are_fine = self._scripts()
        _say(f"Tests, {workers} at a time")
        chosen = ["-m", f"not alone and not long{_but(browser)}"]
        tests = self._pytest(*chosen, *_at_once(workers), *arguments)
        return tests or (0 if scripts_are_fine else 1)

    def run_long(self, arguments: Sequence[str], *, workers: int, browser: bool) -> int:
        """The exit status of what `run` leaves out."""
        _say(f"Tests that take long, {workers} at a time")
        chosen = ["-m", f"long and not alone{_but(browser)}"]
        together = self._pytest(*chosen, *_at_once(workers), *arguments)
        if together not in _NEVER_ENDED:
            return together
        _say("Tests that take long and bear nothing beside them, one at a time")
        alone = self._pytest("-m", f"alone{_but(browser)}", *arguments)
        return together or alone

    def run_quick(self, arguments: Sequence[str], *, workers: int) -> int:
        """The exit status of the quick set (tests/quick_set.py)."""
        scripts_are_fine = self._scripts()
        _say(f"The quick set, {workers} at a time")
        quick = self._pytest("--quick", *_at_once(workers), *arguments)
        return quick or (0 if scripts_are_fine else 1)

    def _scripts(self) -> bool:
        _say("The pages' scripts")
        return test_scripts(self.frontend)

    def _pytest(self, *arguments: str) -> int:
        command = [str(self.environment.python), "-m", "pytest", *arguments]
        return _call(command, self.env, self.environment.root)


def _but(browser: bool) -> str:
    return "" if browser else " and not browser"


def _at_once(workers: int) -> list[str]:
    if workers == 1:
        return []
    # In the order in which conftest.py puts them: the quick ones last.
    return ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"]


def _say(what: str) -> None:
    print(f"\n== {what} ==", flush=True)


def _call(command: list[str], env: Mapping[str, str], folder: Path) -> int:
    """Its exit status. It hears Ctrl-C from the terminal itself; to end us is to end it."""
    with subprocess.Popen(command, env=env, cwd=folder) as child:
        # Handlers, not SIG_IGN: that one the child would inherit.
        heard = {
            signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
            signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: child.terminate()),
        }
        try:
            return child.wait()
        finally:
            for number, handler in heard.items():
                signal.signal(number, handler)
