"""Promise 3, as far as it is told: clients learn that the way through Redis stands still."""

import os
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from gateway_process import insecure
from in_process import Client, Wire, node, until
from local_stack.valkey import Valkey
from realtime_gateway.app import Gateway
from realtime_gateway.engine import control
from realtime_gateway.transports.connections import Connections
from websockets.frames import Opcode

pytestmark = pytest.mark.slow

STANDS_STILL = {"push": {"message": {"data": {"pulse": 0}}}}
MOVES = {"push": {"message": {"data": {"pulse": None}}}}


@pytest.fixture(scope="module")
def valkey(servers_dir: Path) -> Iterator[Valkey]:
    server = Valkey(servers_dir / secrets.token_hex(4), persist=False)
    server.start()
    yield server
    server.stop()


@contextmanager
def hanging(valkey: Valkey) -> Iterator[None]:
    os.kill(valkey.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(valkey.pid, signal.SIGCONT)


@asynccontextmanager
async def beating(
    folder: Path, valkey: Valkey, monkeypatch: pytest.MonkeyPatch, **client: bool
) -> AsyncIterator[Gateway]:
    """A node whose heart beats ten times as fast."""
    monkeypatch.setattr(control, "HEARTBEAT", 0.3)
    monkeypatch.setattr(control, "NODE_LIFE", 1.0)
    async with node(folder, valkey.url, insecure(**client)) as gateway:
        yield gateway


async def test_promise_everybody_is_told_that_redis_hangs_and_that_it_is_back(
    tmp_path: Path, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with beating(tmp_path, valkey, monkeypatch, pulse=True) as gateway:
        early, in_protobuf, listener = Client(gateway), Client(gateway, protobuf=True), Wire()
        await early.answer("connect")
        await early.answer("subscribe", channel="a")
        in_protobuf.bring(b"\x04\x08\x01\x22\x00", Opcode.BINARY)
        stream = Connections(gateway.node, gateway.clients).stream()
        stream.attach(listener, buffer_limit=1_048_576)
        stream.begin("{}")
        silent = Client(gateway)  # it has connected to nothing yet
        with hanging(valkey):
            await until(lambda: STANDS_STILL in early.heard())
            await until(lambda: b'{"pulse":0}' in in_protobuf.wire.written)
            await until(lambda: b'data: {"message":{"data":{"pulse":0}}}' in listener.written)
            late = Client(gateway)
            late.say({"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": "a"}})
            connected, told, subscribed = late.heard()
            assert (connected["id"], told, subscribed["id"]) == (1, STANDS_STILL, 2)
            assert silent.heard() == []
        await until(lambda: MOVES in early.heard() and MOVES in late.heard())
        assert [each for each in early.heard() if "push" in each] == [STANDS_STILL, MOVES]
        after = Client(gateway)
        await after.answer("connect")
        assert len(after.heard()) == 1


async def test_nobody_is_told_where_it_was_not_asked_for(
    tmp_path: Path, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with beating(tmp_path, valkey, monkeypatch) as gateway:
        client = Client(gateway)
        await client.answer("connect")
        with hanging(valkey):
            await until(lambda: gateway.pulse.is_overdue)
            assert not gateway.clients.standstill
        assert len(client.heard()) == 1
