"""Promises about many: slow clients hold up nobody, and a change costs only who looks at it."""

import json
import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
import pytest
from conditions import eventually
from live_client import LiveClients
from people import Person
from wired_stack import WiredStack

STALLED = 20
MEBIBYTE = 2**20


class StalledClient:
    """Subscribes, and then never reads again. Past the edge, which has buffers of its own."""

    def __init__(self, stack: WiredStack, channel: str) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(30)
        self._socket.connect(("127.0.0.1", stack.environment.gateway_ports[0]))
        self._socket.sendall(
            b"GET /connection/websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        assert b" 101 " in self._socket.recv(4096)
        subscribe = {"id": 2, "subscribe": {"channel": channel}}
        words = b'{"id":1,"connect":{}}\n' + json.dumps(subscribe).encode()
        self._socket.sendall(b"\x81" + bytes([0x80 | len(words)]) + bytes(4) + words)
        assert self._socket.recv(4096)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def note_with_stalled_viewers(stack: WiredStack, ana: Person) -> Iterator[str]:
    key: str = ana.create("Menu")["key"]
    with ExitStack() as clients:
        for _ in range(STALLED):
            clients.callback(StalledClient(stack, f"notes:{key}").close)
        yield key


def test_promise_a_slow_client_cannot_slow_the_others_nor_grow_memory_without_bound(
    stack: WiredStack, live: LiveClients, ana: Person, note_with_stalled_viewers: str
) -> None:
    key = note_with_stalled_viewers
    watcher = live.watch(f"notes:{key}")
    gateway = psutil.Process(stack.services["realtime-gateway"].pid)
    connected, before = stack.connections()[0], gateway.memory_info().rss

    large = "word " * 12_000  # 60 kB, as large as an event gets
    for version in range(1, 151):
        ana.save(key, version=version, title=f"Menu {version + 1}", body=large)
    eventually(lambda: watcher.saw(version=151))
    assert len(watcher.events) == 150

    # 9 MB for each of them: what does not fit on the way is 1 MiB, then they are let go.
    eventually(lambda: stack.connections()[0] <= connected - STALLED, within=60)
    assert gateway.memory_info().rss - before < STALLED * 2 * MEBIBYTE


def test_promise_the_cost_of_one_change_never_depends_on_the_number_of_notes(
    stack: WiredStack, live: LiveClients, ana: Person
) -> None:
    key = ana.create("Menu")["key"]
    watcher = live.watch()

    def size_of_one_change(version: int) -> int:
        ana.save(key, version=version, title=f"Menu {version + 10}")
        eventually(lambda: watcher.saw(key=key, version=version + 1))
        return len(json.dumps(watcher.events[-1]))

    with_few = size_of_one_change(1)
    for _ in range(200):
        ana.create("Another")
    assert size_of_one_change(2) == with_few < 1024


def test_promise_a_change_is_told_only_to_people_looking_at_it(
    live: LiveClients, ana: Person
) -> None:
    mine, other = (ana.create(title)["key"] for title in ("Mine", "Other"))
    looking, elsewhere = live.watch(f"notes:{mine}"), live.watch(f"notes:{other}")
    ana.save(mine, version=1, title="Mine, changed")
    ana.comment(other, secrets.token_hex(4))
    eventually(lambda: looking.events and elsewhere.events)
    assert [event["type"] for event in looking.events] == ["note.updated"]
    assert [event["type"] for event in elsewhere.events] == ["comment.created"]
