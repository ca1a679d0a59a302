"""One parent that starts N nodes on one port, keeps them running and drains them.

The kernel shares new connections out between the workers (SO_REUSEPORT); each is a full node
with its own connections to Redis. The parent carries no traffic: if it is killed, the workers
see the end of their standard input and drain.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from realtime_gateway.config.options import Options
from realtime_gateway.worker_metrics import WorkerSlot

PAUSES: Final = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Seconds before a worker that ended is started again; from the front once one has lasted."""
LASTED: Final = 30.0
GRACE: Final = 8.0
"""How much longer than `shutdown.timeout` a worker may take to end."""
LOOK_SECONDS: Final = 5.0
# Until a worker that was started first writes: on a busy machine imports alone take long.
STARTING_SECONDS: Final = 180.0

log = logging.getLogger("gateway.workers")


def listener(host: str, port: int) -> socket.socket:
    """A socket on a port that is shared with other workers, bound and not listening yet."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    shared = socket.socket(family, kind, protocol)
    try:
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind(address)
        shared.setblocking(False)
    except BaseException:
        shared.close()
        raise
    return shared


def share(options: Options, slot: WorkerSlot, count: int) -> Options:
    """A worker's part of what all `count` of them together may have."""
    client = options.client
    limit, rate = (
        whole // count + (slot.number <= whole % count)
        for whole in (client.connection_limit, client.connection_rate_limit)
    )
    shared = replace(client, connection_limit=limit, connection_rate_limit=rate)
    return replace(options, client=shared)


def too_many(options: Options, count: int) -> list[str]:
    """Limits of which not every worker would get a part."""
    return [
        f"client.{name} must be 0 or at least the number of workers"
        for name in ("connection_limit", "connection_rate_limit")
        if 0 < getattr(options.client, name) < count
    ]


def run(arguments: Sequence[str], count: int, options: Options) -> int:
    """Until SIGTERM or SIGINT; the exit status. `arguments` are the command line's."""
    http = options.http_server
    try:
        # Held as long as the parent lives: a worker's restart never finds the port taken.
        held = listener(http.address, http.port)
    except OSError as error:
        log.error("cannot start: %s port %d: %s", http.address, http.port, error)
        return 1
    with held, tempfile.TemporaryDirectory(prefix="gateway-") as folder:
        port = held.getsockname()[1]
        command = [sys.executable, "-m", "realtime_gateway", *arguments, "--port", str(port)]
        return asyncio.run(_Parent(command, count, Path(folder), options).run())


class _Parent:
    def __init__(
        self, command: Sequence[str], count: int, folder: Path, options: Options
    ) -> None:
        self._command = command
        self._slots = [WorkerSlot(number, folder) for number in range(1, count + 1)]
        self._limit = options.shutdown.timeout + GRACE
        self._hung = options.client.ping_interval + 10
        self._stop = asyncio.Event()
        self._processes: dict[WorkerSlot, Process] = {}
        self._begun = dict.fromkeys(self._slots, 0.0)
        """When (`time.time`) each worker was started last."""

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self._stop.set)
        keepers = [asyncio.create_task(self._keep(slot)) for slot in self._slots]
        await self._watch()
        for process in self._processes.values():
            _signal(process, signal.SIGTERM)
        _, late = await asyncio.wait(keepers, timeout=self._limit)
        for process in self._processes.values() if late else ():
            _signal(process, signal.SIGKILL)
        codes = await asyncio.gather(*keepers)
        log.info("all workers have ended")
        return 0 if all(code in (0, -signal.SIGTERM) for code in codes) else 1

    async def _keep(self, slot: WorkerSlot) -> int:
        """Start the worker, and again whenever it ends; its last exit status."""
        failures = 0
        while True:
            started = time.monotonic()
            self._begun[slot] = time.time()
            process = await asyncio.create_subprocess_exec(
                *self._command, "--worker", str(slot), stdin=PIPE
            )
            self._processes[slot] = process
            if self._stop.is_set():
                _signal(process, signal.SIGTERM)
            code = await process.wait()
            if self._stop.is_set():
                return code
            failures = 0 if time.monotonic() - started > LASTED else failures + 1
            pause = PAUSES[min(failures, len(PAUSES)) - 1] if failures else PAUSES[0]
            log.error("worker %d ended with %d: again in %.1f s", slot.number, code, pause)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stop.wait()
                return 0

    async def _watch(self) -> None:
        """End a worker that has been silent for long, so that it is started again.

        Returns when it is time to stop.
        """
        silent = dict.fromkeys(self._slots, 0.0)
        last = dict.fromkeys(self._slots, 0.0)
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._stop.wait()
            for slot in self._slots:
                # Counted in looks: a machine that slept has not made the workers hang.
                beat = slot.heartbeat or 0.0
                silent[slot] = silent[slot] + LOOK_SECONDS if beat == last[slot] else 0.0
                last[slot] = beat
                begins = beat < self._begun[slot]
                limit = STARTING_SECONDS if begins else self._hung
                if silent[slot] > limit and not self._stop.is_set():
                    log.error("worker %d hangs: ended", slot.number)
                    _signal(self._processes[slot], signal.SIGKILL)
                    silent[slot] = 0.0


def _signal(process: Process, number: signal.Signals) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
