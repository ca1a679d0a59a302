"""TCP ports on loopback: a free one, and who holds one that is not.

Between choosing a port and binding it somebody else may take it. This process chooses none
twice, and processes that work side by side keep to parts of their own (LOCAL_STACK_PORTS).
"""

import errno
import itertools
import os
import random
import socket
from collections.abc import Iterator
from functools import cache

import psutil

from local_stack.errors import PortForbidden, PortTaken

# Below the range from which the kernel takes ports for outgoing connections, so that nothing
# slips into a port between choosing and binding it.
_FREE_RANGE = range(12_000, 32_000)
_PART = "LOCAL_STACK_PORTS"
"""Of `first-last`: what this process and those that it starts choose from."""
_FIRST_ORDINARY = 1024
# A browser that is told `localhost` may try either.
_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def free_port(preferred: int | None = None) -> int:
    """A port nobody listens on: `preferred` if it is free, else one chosen at random."""
    if preferred is not None and is_free(preferred):
        return preferred
    for port in itertools.islice(_in_any_order(os.environ.get(_PART, "")), 200):
        if is_free(port):
            return port
    raise RuntimeError("no free port found in 200 tries")


def part(number: int, parts: int) -> dict[str, str]:
    """The environment of the `number`th of so many processes, from 0."""
    size = len(_FREE_RANGE) // parts
    own = _FREE_RANGE[number * size : (number + 1) * size]
    return {_PART: f"{own[0]}-{own[-1]}"}


@cache
def _in_any_order(said: str) -> Iterator[int]:
    """All of them, and only then the first again."""
    first, _, last = said.partition("-")
    own = range(int(first), int(last) + 1) if said else _FREE_RANGE
    return itertools.cycle(random.sample(own, len(own)))


def is_free(port: int) -> bool:
    """Whether a server could bind this port on loopback now."""
    return not any(_is_taken(family, address, port) for family, address in _LOOPBACK)


def require_free(port: int) -> None:
    """Raises PortTaken, with the holder's name where the machine tells it."""
    if not is_free(port):
        taken_by = holder(port)
        if taken_by is None and port < _FIRST_ORDINARY and os.geteuid() != 0:
            raise PortForbidden(port)
        raise PortTaken(port, taken_by)


def holder(port: int) -> str | None:
    """`name (process 123)` of who listens on the port; None where that may not be known."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.Error:
        return None
    for connection in connections:
        listens = connection.status == psutil.CONN_LISTEN
        if listens and getattr(connection.laddr, "port", None) == port and connection.pid:
            return _described(connection.pid)
    return None


def _is_taken(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        return error.errno in (errno.EADDRINUSE, errno.EACCES)  # not: no IPv6 here
    return False


def _described(pid: int) -> str | None:
    try:
        return f"{psutil.Process(pid).name()} (process {pid})"
    except psutil.Error:
        return f"process {pid}"
