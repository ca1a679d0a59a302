"""Hostile clients of the gateway, as strangers who never read its limits would write them.

Each crowd is a process of its own, without a name or a token. Who is closed comes back at once.
"""

import asyncio
import json
import multiprocessing
import os
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

FRAME_BYTES: Final = 60_000
_CHANNELS_A_CONNECTION: Final = 100

Behaviour = Callable[[ClientConnection], Awaitable[None]]


async def flood(socket: ClientConnection) -> None:
    """60 kB of commands a frame, frame after frame."""
    command = json.dumps({"id": 2, "presence": {"channel": "home"}})
    frame = "\n".join([command] * (FRAME_BYTES // (len(command) + 1)))
    while True:
        await socket.send(frame)
        await asyncio.sleep(0)  # reads what comes, its close frame too


async def churn(socket: ClientConnection) -> None:
    """One channel after the other, entered and left again."""
    number = 1
    while True:
        channel = f"notes:{secrets.token_hex(8)}"
        number += 2
        await socket.send(
            f'{{"id":{number},"subscribe":{{"channel":"{channel}"}}}}\n'
            f'{{"id":{number + 1},"unsubscribe":{{"channel":"{channel}"}}}}'
        )
        await asyncio.sleep(0)


class Attackers:
    """So many of one kind, from here until the block ends."""

    def __init__(self, behaviour: Behaviour, count: int, *, port: int, core: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(
            target=_attack, args=(theirs, behaviour, count, port, core), daemon=True
        )

    def __enter__(self) -> "Attackers":
        self._process.start()
        if not self._pipe.poll(60):
            raise RuntimeError("the hostile clients did not get in")
        self._pipe.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> Counter[str]:
        """How often they were closed with which code, cut without one, or not let in."""
        if not self._process.is_alive():
            return Counter()
        self._pipe.send("end")
        closes: Counter[str] = self._pipe.recv() if self._pipe.poll(20) else Counter()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
        return closes


def _attack(*arguments: Any) -> None:
    asyncio.run(_attacking(*arguments))


async def _attacking(
    pipe: Connection, behaviour: Behaviour, count: int, port: int, core: int
) -> None:
    pin(core)
    closes: Counter[str] = Counter()
    tasks = [asyncio.create_task(_one(behaviour, port, closes)) for _ in range(count)]
    pipe.send("begun")
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), ended.set)
    await ended.wait()
    for task in tasks:
        task.cancel()
    pipe.send(closes)


async def _one(behaviour: Behaviour, port: int, closes: Counter[str]) -> None:
    while True:
        try:
            async with connect(_address(port), compression=None, close_timeout=1) as socket:
                await socket.send('{"id":1,"connect":{}}')
                await asyncio.gather(_ignore(socket), behaviour(socket))
        except ConnectionClosed as closed:
            closes[str(closed.rcvd.code) if closed.rcvd else "cut"] += 1
        except (OSError, TimeoutError, InvalidHandshake) as error:
            closes[type(error).__name__] += 1
            await asyncio.sleep(0.05)


async def _ignore(socket: ClientConnection) -> None:
    async for message in socket:
        if message == "{}":
            await socket.send("{}")


async def visit_channels(port: int, count: int) -> None:
    """Strangers who subscribe to `count` channels that nobody ever published to, and go."""
    names = (f"notes:{secrets.token_hex(8)}" for _ in range(count))

    async def one(mine: Iterator[str]) -> None:
        while batch := [name for _, name in zip(range(_CHANNELS_A_CONNECTION), mine)]:  # noqa: B905
            async with connect(_address(port), compression=None) as socket:
                await socket.send('{"id":1,"connect":{}}')
                await socket.recv()
                for number, name in enumerate(batch, 2):
                    subscribe = {"id": number, "subscribe": {"channel": name}}
                    await socket.send(json.dumps(subscribe))
                answered = 0
                async with asyncio.timeout(60):
                    while answered < len(batch):
                        answered += str(await socket.recv()).count('"id":')

    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(one(names))


def _address(port: int) -> str:
    return f"ws://127.0.0.1:{port}/connection/websocket"


def pin(core: int) -> None:
    """This process and what it starts from now on, on one core where there are several."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > core:
        os.sched_setaffinity(0, {core})
