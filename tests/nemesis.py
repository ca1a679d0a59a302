"""Whoever takes parts of a stack away, and lets strangers in, one act after the other.

By chance with a fixed seed, after every deed was done once. The services reach Redis over a
wire that can be slow.
"""

import random
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import attacks
import redis
from cuttable_wire import Wire
from local_stack.ports import free_port
from local_stack.services import Service
from wired_stack import WiredStack

GATEWAYS = ("realtime-gateway", "realtime-gateway-2")
_ON_REDIS = ("users-service", "notes-service", *GATEWAYS)


class Nemesis:
    """Used as a context: afterwards the stack is as it was."""

    def __init__(self, stack: WiredStack, *, seed: int, token: str) -> None:
        """`token` is of somebody who may write."""
        self._stack, self._token = stack, token
        self._chance = random.Random(seed)
        self._wire = Wire(stack.valkey.port, port=free_port())
        self._after = ExitStack()
        self.acts: list[str] = []
        self.codes: set[int] = set()
        """With which the connections of attackers were ended."""
        self.mistakes: list[tuple[str, int]] = []
        """Bad requests that were answered with a mistake of ours."""

    def __enter__(self) -> Self:
        self._after.enter_context(self._wire)
        direct, slow = (f":{port}/" for port in (self._stack.valkey.port, self._wire.port))
        for service in self._services(*_ON_REDIS):
            before = dict(service.env)
            self._after.callback(self._restarted, service, before)
            self._restarted(
                service, {name: text.replace(direct, slow) for name, text in before.items()}
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.late_seconds = 0
        self._after.close()

    def run(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        deeds: list[Callable[[], str]] = [
            self._kill,
            self._freeze,
            self._empty_redis,
            self._flood,
            self._churn,
            self._send_nonsense,
            self._vacuum,
            self._turn_back_the_clock,
            self._delay_redis,
            self._demote_redis,
        ]
        while time.monotonic() < deadline or len(self.acts) < len(deeds):
            time.sleep(self._chance.uniform(0.3, 1.0))
            # Every deed once before chance decides, so that a short run has them all.
            first = len(self.acts) < len(deeds)
            deed = deeds[len(self.acts)] if first else self._chance.choice(deeds)
            self.acts.append(deed())

    def _kill(self) -> str:
        name = self._chance.choice(["notes-service", *GATEWAYS, "valkey"])
        part = self._stack.parts[name]
        part.kill()
        if name == "valkey" and self._chance.random() < 0.5:
            shutil.rmtree(self._stack.data_dir / "valkey" / "appendonlydir")
        time.sleep(self._chance.uniform(0, 0.5))
        part.start()
        return f"killed {name}"

    def _freeze(self) -> str:
        name = self._chance.choice(["notes-service", *GATEWAYS, "valkey", "web"])
        process = self._stack.parts[name].process
        process.pause()
        time.sleep(self._chance.uniform(0.2, 1.5))
        process.resume()
        return f"froze {name}"

    def _empty_redis(self) -> str:
        self._stack.valkey.flush()
        return "emptied redis"

    def _flood(self) -> str:
        codes = attacks.flood(self._stack.url, clients=3, seconds=1.5)
        self.codes |= codes
        return f"flooded the sockets: {codes}"

    def _churn(self) -> str:
        channels = ["home", *(f"notes:nowhere-{number}" for number in range(50))]
        codes = attacks.churn(self._stack.url, channels, clients=3, seconds=1.5)
        self.codes |= codes
        return f"churned subscriptions: {codes}"

    def _send_nonsense(self) -> str:
        answers = attacks.bad_requests(self._stack.environment.notes_port, self._token)
        self.mistakes += [(name, status) for name, status in answers if status == 500]
        return f"sent nonsense: {answers}"

    def _vacuum(self) -> str:
        for database in ("users", "notes"):
            self._stack.postgres.execute("VACUUM ANALYZE", database=database)
        return "vacuumed"

    def _turn_back_the_clock(self) -> str:
        """Of one part, as on a machine that has just booted; where the kernel lets us."""
        up = int(float(Path("/proc/uptime").read_text().split()[0]))
        booted = ["unshare", "--time", f"--monotonic=-{up}", f"--boottime=-{up}"]
        if shutil.which("unshare") is None or subprocess.run([*booted, "true"]).returncode:
            return "could turn no clock back"
        name = self._chance.choice(["notes-service", *GATEWAYS])
        part = self._stack.parts[name]
        part.kill()
        command = list(part.process._command)
        part.process._command[:] = [*booted, *command]
        try:
            part.start()
        finally:
            part.process._command[:] = command
        return f"started {name} with a clock at zero"

    def _delay_redis(self) -> str:
        self._wire.late_seconds = self._chance.uniform(0.2, 1.5)
        time.sleep(self._chance.uniform(1, 2))
        self._wire.late_seconds, late = 0, self._wire.late_seconds
        return f"redis answered {late:.1f} s late"

    def _demote_redis(self) -> str:
        """It takes no writes for a while; nobody's connection is cut."""
        with redis.Redis.from_url(self._stack.valkey.url) as operator:
            operator.execute_command("REPLICAOF", "127.0.0.1", "1")
            time.sleep(self._chance.uniform(0.5, 2))
            operator.execute_command("REPLICAOF", "NO", "ONE")
        return "demoted redis"

    def _services(self, *names: str) -> list[Service]:
        return [self._stack.services[name] for name in names]

    @staticmethod
    def _restarted(service: Service, env: dict[str, str]) -> None:
        service.stop()
        service.env.clear()
        service.env.update(env)
        service.start()
