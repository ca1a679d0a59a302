"""A program of ours in a process of its own, forked from one that has imported it already.

To import a service takes a second or two, to fork one takes milliseconds: tests can afford to
start and kill many. What an interpreter of its own makes of the same program is seen by the
tests of the processes, of the whole stack, and of the images.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["realtime_gateway.__main__", "users_service.__main__", "notes_service.__main__"]
)


def _run(
    package: str, arguments: Sequence[str], env: Mapping[str, str], log: Path | None
) -> None:
    os.environ.clear()
    os.environ.update(env)
    if log is not None:
        output = os.open(log, os.O_WRONLY | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
    sys.argv = [package, *arguments]
    ended = import_module(f"{package}.__main__").main()
    sys.exit(ended)


class ForkedProcess:
    """`python -m package *arguments`, to be used as a `subprocess.Popen` is."""

    def __init__(
        self,
        package: str,
        *arguments: str,
        env: Mapping[str, str],
        log: Path | None = None,
    ) -> None:
        self._process = _CONTEXT.Process(
            target=_run, args=(package, arguments, dict(env), log), daemon=True
        )
        if log is not None:
            log.touch()
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self.returncode
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
