"""One child process: started, watched, stopped, and never left behind.

Whatever ends this process (return, exception, kill -9), the child gets its stop signal.
The kernel ties that promise to the *thread* that started the child, therefore the thread that
reads the child's output also starts it, and lives as long as the child does.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Literal

from local_stack.errors import Failed
from local_stack.logs import Log

User = Literal["same", "namespace", "nobody"]

_CHILD = Path(__file__).with_name("child.py")
_START_TIMEOUT_SECONDS = 30.0


def command_as(command: Sequence[str], *, user: User, death_signal: int = 0) -> list[str]:
    """The command line that runs `command` as `user`, and tied to us if a signal is given."""
    tie = ["--parent", str(os.getpid()), "--signal", str(int(death_signal))]
    launcher = [sys.executable, "-I", "-S", str(_CHILD), *(tie if death_signal else [])]
    return [*launcher, "--user", user, "--", *command]


class Process:
    """Not thread-safe: one owner starts and stops it."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Log,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        user: User = "same",
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._env = env  # looked at again at each start
        self._cwd = cwd
        self._stop_signal = stop_signal
        self._user: User = user
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs (or was never started)."""
        return self._process.poll() if self._process else None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, with its output in the log."""
        if self.running:
            raise RuntimeError(f"{self.name} runs already")
        started: Future[subprocess.Popen[bytes]] = Future()
        self._reader = threading.Thread(
            target=self._spawn_and_read, args=[started], name=f"reads {self.name}", daemon=True
        )
        self._reader.start()
        self._process = started.result(_START_TIMEOUT_SECONDS)

    def stop(self, timeout: float = 15.0) -> int:
        """Ask it to stop; after `timeout` seconds kill it. Returns its exit status."""
        if self._process is None:
            return 0
        if self.running:
            self.signal(self._stop_signal)
            self.signal(signal.SIGCONT)  # a paused process cannot act on the first one
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
        return self._ended()

    def kill(self) -> None:
        """End it with SIGKILL, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._ended()

    def pause(self) -> None:
        """Stop it with SIGSTOP, as if it hung."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after a pause."""
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self._process is not None:
            self._process.send_signal(number)

    def failure(self, what: str) -> Failed:
        """An error that says what went wrong, with the end of the log."""
        return Failed(self.name, what, self.log.tail())

    def _ended(self) -> int:
        assert self._process is not None
        if self._reader is not None:
            self._reader.join(timeout=2)
        return self._process.wait()

    def _spawn_and_read(self, started: Future[subprocess.Popen[bytes]]) -> None:
        try:
            process = subprocess.Popen(
                command_as(self._command, user=self._user, death_signal=self._stop_signal),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._env,
                cwd=self._cwd,
                # Ctrl-C in the terminal reaches us alone: we stop the parts, in order.
                start_new_session=True,
            )
        except BaseException as error:  # noqa: BLE001 (raised again in start)
            started.set_exception(error)
            return
        started.set_result(process)
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                self.log.write(line)
        process.wait()
        self.log.close()
