"""The official SDKs, through the edge: connect, subscribe, live events, recovery, tokens."""

import json
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conditions import eventually
from live_client import LiveClients
from people import Person
from wired_stack import WiredStack

NODE_PROGRAM = Path(__file__).with_name("sdk_node.mjs")

Json = dict[str, Any]


def _node() -> str:
    """The machine's Node, else the one that was installed beside Python for the islands."""
    beside = shutil.which("node", path=str(Path(sys.executable).parent))
    return shutil.which("node") or beside or "node"


class NodeClient:
    """`centrifuge` for JavaScript under Node, event by event."""

    def __init__(self, url: str, channel: str, token: Callable[[], str]) -> None:
        self.events: queue.Queue[Json] = queue.Queue()
        self._token = token
        self.process = subprocess.Popen(
            [_node(), "--experimental-websocket", "--no-warnings", NODE_PROGRAM, url, channel],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def expect(self, event: str, **facts: Any) -> Json:
        """The next event of this name (others are passed over), with these facts."""
        while True:
            said = self.events.get(timeout=15)
            if said["event"] == event:
                assert facts.items() <= said.items()
                return said

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdin is not None
        for line in self.process.stdout:
            said = json.loads(line)
            if said["event"] == "token":
                self.process.stdin.write(self._token() + "\n")
                self.process.stdin.flush()
            self.events.put(said)


@pytest.fixture
def node(stack: WiredStack, ana: Person) -> Iterator[NodeClient]:
    url = stack.wire.url.replace("http", "ws", 1) + "/connection/websocket"
    client = NodeClient(url, "home", lambda: ana.new_token("realtime"))
    yield client
    client.stop()
    stack.wire.mend()


def test_the_javascript_sdk_hears_live_events_and_recovers_what_it_missed(
    node: NodeClient, stack: WiredStack, ana: Person
) -> None:
    node.expect("token")
    node.expect("connected")
    node.expect("subscribed")
    key = ana.create("Menu")["key"]
    first = node.expect("publication")
    assert (first["data"]["type"], first["data"]["note"]["key"]) == ("note.created", key)

    stack.wire.cut()
    node.expect("connecting")
    for version in (1, 2, 3):
        ana.save(key, version=version, title=f"Menu {version + 1}")
    stack.wire.mend()

    node.expect("subscribed", wasRecovering=True, recovered=True)
    missed = [node.expect("publication") for _ in range(3)]
    assert [event["data"]["note"]["version"] for event in missed] == [2, 3, 4]
    assert [event["offset"] - first["offset"] for event in missed] == [1, 2, 3]


def test_the_javascript_sdk_is_refused_with_a_token_that_nobody_made(
    stack: WiredStack, ana: Person
) -> None:
    url = stack.url.replace("http", "ws", 1) + "/connection/websocket"
    forged = ana.new_token("realtime")[:-8] + "AAAAAAAA"
    client = NodeClient(url, "home", lambda: forged)
    try:
        assert client.expect("disconnected")["code"] == 3500
    finally:
        client.stop()


def test_a_token_for_the_notes_api_does_not_open_the_socket(
    stack: WiredStack, ana: Person
) -> None:
    url = stack.url.replace("http", "ws", 1) + "/connection/websocket"
    client = NodeClient(url, "home", lambda: ana.new_token("notes"))
    try:
        assert client.expect("disconnected")["code"] == 3500
    finally:
        client.stop()


def test_the_python_sdk_hears_live_events_and_recovers_what_it_missed(
    stack: WiredStack, ana: Person
) -> None:
    key = ana.create("Menu")["key"]
    with LiveClients(stack.wire.url, name=stack.url.partition("//")[2]) as clients:
        watcher = clients.watch(f"notes:{key}", token=ana.new_token("realtime"))
        ana.save(key, version=1, title="Menu 2")
        eventually(lambda: watcher.saw(version=2))

        stack.wire.cut()
        eventually(lambda: not watcher.subscribed)
        ana.save(key, version=2, title="Menu 3")
        ana.comment(key, "Is there cake?")
        stack.wire.mend()

        eventually(lambda: watcher.saw(type="comment.created", comments=1))
        assert watcher.saw(version=3, title="Menu 3")
        # One load and two recoveries: from the load's position, and from the cut.
        assert (watcher.loads, watcher.recoveries) == (1, 2)


def test_the_python_sdk_loads_its_state_again_when_more_was_missed_than_is_kept(
    stack: WiredStack, ana: Person
) -> None:
    key = ana.create("Menu")["key"]
    with LiveClients(stack.wire.url, name=stack.url.partition("//")[2]) as clients:
        watcher = clients.watch(f"notes:{key}")
        stack.wire.cut()
        for version in range(1, 311):
            ana.save(key, version=version, title=f"Menu {version + 1}")
        stack.wire.mend()
        eventually(lambda: watcher.notes().get(key, (0,))[0] == 311)
        assert watcher.loads == 2
