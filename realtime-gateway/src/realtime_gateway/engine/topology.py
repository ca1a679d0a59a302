"""Which server of a Redis Cluster owns which slot, as the cluster's majority sees it."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from redis.asyncio import Redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import RedisError
from service_kit.channel_log import redis_options

QUESTION_TIMEOUT: Final = 1.0

log = logging.getLogger("gateway.topology")


@dataclass(frozen=True, slots=True)
class Owners:
    """The address of every slot's owner; empty where there is none."""

    slots: Sequence[str]

    def of(self, key: bytes) -> str:
        """The address of the server that owns the key's slot; empty if none does."""
        return self.slots[key_slot(key)]

    def all(self) -> set[str]:
        """The addresses of all servers that own slots."""
        return {address for address in self.slots if address}


class Topology:
    """Asks the servers that it knows, all at once, and believes the one that is furthest.

    A server that was cut off from the others has not seen their last election.
    """

    def __init__(self, seeds: Sequence[str]) -> None:
        self._seeds = seeds
        self._clients: dict[str, Redis] = {}

    async def owners(self, known: Iterable[str] = ()) -> Owners | None:
        """None if nobody answers in time."""
        addresses = {*self._seeds, *known}
        for gone in self._clients.keys() - addresses:
            await self._clients.pop(gone).aclose()
        answers = await asyncio.gather(*(self._ask(address) for address in addresses))
        heard = [answer for answer in answers if answer is not None]
        if not heard:
            return None
        _, asked, ranges = max(heard, key=lambda answer: answer[0])
        return Owners(self._slots(asked, ranges))

    async def aclose(self) -> None:
        """Close the connections that it asks by."""
        for client in self._clients.values():
            await client.aclose()

    async def _ask(self, address: str) -> tuple[tuple[bool, int], str, list[Any]] | None:
        client = self._clients.get(address)
        if client is None:
            client = self._clients[address] = _client(address)
        try:
            async with asyncio.timeout(QUESTION_TIMEOUT):
                info = await client.execute_command("CLUSTER INFO")  # type: ignore[no-untyped-call]
                ranges = await client.execute_command("CLUSTER SLOTS")  # type: ignore[no-untyped-call]
        except (RedisError, OSError, TimeoutError) as error:
            log.debug("no topology from a server: %s", type(error).__name__)
            return None
        is_whole = info["cluster_state"] == "ok"
        return (is_whole, int(info["cluster_current_epoch"])), address, ranges

    def _slots(self, asked: str, ranges: list[Any]) -> list[str]:
        slots = [""] * REDIS_CLUSTER_HASH_SLOTS
        for first, last, (host, port, *_), *_replicas in ranges:
            name = host.decode() if host else urlsplit(asked).hostname or ""
            owner = moved_to(self._seeds[0], name, port)
            slots[first : last + 1] = [owner] * (last + 1 - first)
        return slots


def moved_to(address: str, host: str, port: int) -> str:
    """The same user, password and options at another server."""
    parts = urlsplit(address)
    user, at, _ = parts.netloc.rpartition("@")
    host = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=f"{user}{at}{host}:{port}"))


def _client(address: str) -> Redis:
    return Redis.from_url(address, max_connections=2, **redis_options(QUESTION_TIMEOUT))
