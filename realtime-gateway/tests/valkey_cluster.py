"""A real Redis Cluster of Valkey processes: three masters, each with a replica."""

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
from local_stack.logs import Log
from local_stack.ports import free_port
from local_stack.process import Process
from local_stack.valkey import server_program
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

MASTERS = 3
NODE_TIMEOUT_MS = 1500


class Server:
    def __init__(self, folder: Path, password: str) -> None:
        folder.mkdir(parents=True)
        self.port = free_port()
        self.password = password
        lines = [
            f"port {self.port}", f"cluster-port {free_port()}", "bind 127.0.0.1",
            f"requirepass {password}", f"primaryauth {password}", f'dir "{folder.resolve()}"',
            'save ""', "appendonly no", "loglevel warning", "cluster-enabled yes",
            f"cluster-node-timeout {NODE_TIMEOUT_MS}", "cluster-replica-validity-factor 0",
            "repl-diskless-sync-delay 0",
        ]  # fmt: skip
        (folder / "valkey.conf").write_text("\n".join(lines) + "\n")
        self.process = Process(
            f"valkey-{self.port}",
            [server_program(), str(folder / "valkey.conf")],
            log=Log("valkey", folder / "valkey.log"),
            cwd=folder,
        )
        self.process.start()
        self.client = redis.Redis(port=self.port, password=password, socket_timeout=30)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    def ask(self, *words: Any) -> Any:
        return self.client.execute_command(*words)

    def info(self) -> dict[str, str]:
        found: dict[str, str] = self.ask("CLUSTER INFO")
        return found

    @property
    def id(self) -> str:
        return str(self.ask("CLUSTER MYID").decode())

    @property
    def bus_port(self) -> int:
        return int(self.client.config_get("cluster-port")["cluster-port"])

    @property
    def role(self) -> str:
        return str(self.ask("ROLE")[0].decode())


class ValkeyCluster:
    def __init__(self, folder: Path) -> None:
        password = secrets.token_urlsafe(16)
        self.servers = [Server(folder / str(n), password) for n in range(2 * MASTERS)]
        for server in self.servers:
            until(lambda server=server: _answers(server))  # type: ignore[misc]
        self._meet()
        self._share_slots()
        self._replicate()
        until(self.is_whole)

    @property
    def seeds(self) -> list[str]:
        return [each.url for each in self.servers]

    def owner(self, channel: str) -> Server:
        """The master that serves the channel's keys."""
        slot = key_slot(f"{{{channel}}}".encode())
        for server in self.servers:
            if server.process.running and server.role == "master":
                for first, last, (_, port, *_), *_ in server.ask("CLUSTER SLOTS"):
                    if first <= slot <= last:
                        return next(each for each in self.servers if each.port == port)
        raise AssertionError("nobody owns the slot")

    def move_slot(self, channel: str, to: Server) -> None:
        """Move the channel's slot with its keys, as resharding does."""
        slot, source = key_slot(f"{{{channel}}}".encode()), self.owner(channel)
        to.ask("CLUSTER SETSLOT", slot, "IMPORTING", source.id)
        source.ask("CLUSTER SETSLOT", slot, "MIGRATING", to.id)
        while keys := source.ask("CLUSTER GETKEYSINSLOT", slot, 100):
            source.ask("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "AUTH", to.password,
                       "KEYS", *keys)  # fmt: skip
        for server in (to, source):
            server.ask("CLUSTER SETSLOT", slot, "NODE", to.id)

    def is_whole(self) -> bool:
        infos = [each.info() for each in self.servers if each.process.running]
        known = str(len(self.servers))
        return all(
            each["cluster_state"] == "ok" and each["cluster_known_nodes"] == known
            for each in infos
        ) and all(
            each.role == "master" or each.ask("ROLE")[3] == b"connected"
            for each in self.servers
            if each.process.running
        )

    def stop(self) -> None:
        for server in self.servers:
            server.client.close()
            server.process.kill()

    def _meet(self) -> None:
        first = self.servers[0]
        for server in self.servers[1:]:
            first.ask("CLUSTER MEET", "127.0.0.1", server.port, server.bus_port)
        known = str(len(self.servers))
        until(lambda: all(s.info()["cluster_known_nodes"] == known for s in self.servers))

    def _share_slots(self) -> None:
        edges = [REDIS_CLUSTER_HASH_SLOTS * n // MASTERS for n in range(MASTERS + 1)]
        for number, server in enumerate(self.servers[:MASTERS]):
            server.ask("CLUSTER ADDSLOTSRANGE", edges[number], edges[number + 1] - 1)

    def _replicate(self) -> None:
        for number, server in enumerate(self.servers[MASTERS:]):
            server.ask("CLUSTER REPLICATE", self.servers[number].id)


def until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "the cluster did not come together"
        time.sleep(0.05)


def _answers(server: Server) -> bool:
    try:
        return bool(server.client.ping())
    except redis.RedisError:
        return False
