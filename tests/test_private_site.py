"""Promise: a client gets only what it may read. A site whose notes are not public."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from browser_pages import open_window
from people import SaveRefused
from playwright.sync_api import Browser, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from wired_stack import WiredStack

pytestmark = pytest.mark.browser

# As compose.yaml sets them with PUBLIC_READ=false.
PRIVATE = {
    "NOTES_PUBLIC_READ": "false",
    "GATEWAY_CLIENT_ALLOW_ANONYMOUS_CONNECT_WITHOUT_TOKEN": "false",
}


@pytest.fixture(scope="module")
def private(servers_dir: Path) -> Iterator[WiredStack]:
    stack = WiredStack(servers_dir / "private", durable=False, settings=PRIVATE)
    with stack, stack.people:
        yield stack


def test_promise_a_stranger_reads_nothing_and_hears_nothing(private: WiredStack) -> None:
    key = private.people.sign_up("Ana").create("Secret menu")["key"]
    with httpx.Client(base_url=private.url, trust_env=False, timeout=30) as stranger:
        for path in ("/", f"/notes/{key}", "/?q=menu", "/live/home", f"/live/notes/{key}"):
            answer = stranger.get(path)
            assert answer.status_code in (303, 401), path
            assert "Secret menu" not in answer.text
    url = private.url.replace("http", "ws", 1) + "/connection/websocket"
    with connect(url, proxy=None) as socket:
        socket.send('{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"home"}}')
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert 3500 <= closed.value.rcvd.code < 4000  # for good: no reconnecting


def test_somebody_signed_in_reads_and_hears_everything(
    browser: Browser, private: WiredStack
) -> None:
    ana, ben = private.people.sign_up("Ana"), private.people.sign_up("Ben")
    bens = open_window(browser, private.url, ben)
    bens.watch_home()
    key = ana.create("Secret menu")["key"]
    expect(bens.row_title(key)).to_have_text("Secret menu")
    assert bens.all_problems() == []
    bens.context.close()


def test_a_session_that_ended_reads_nothing(private: WiredStack) -> None:
    ana = private.people.sign_up("Ana")
    key = ana.create("Secret menu")["key"]
    ana.http.delete(
        f"{ana.users_url}/v1/sessions/current",
        headers={"Authorization": f"Bearer {ana.session}"},
    )
    with pytest.raises(SaveRefused) as refusal:
        ana.new_token("notes")
    assert refusal.value.code == "session_ended"
    answer = httpx.get(
        f"{private.url}/notes/{key}", cookies={"notes_session": ana.session}, trust_env=False
    )
    assert answer.status_code == 303
