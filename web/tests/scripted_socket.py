"""The gateway as a script: the page's WebSocket, answered by the test in the protocol's words.

Enough of the Centrifuge protocol for one page: connect, subscribe with recovery, publications,
a refusal to recover (112), a cut, and silence.
"""

import json
from itertools import count
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

BEN = {"id": "ben-id", "name": "Ben"}
_ids = count(1)


class ScriptedSocket:
    def __init__(self, page: Page) -> None:
        self.offsets: dict[str, int] = {}
        self.subscribed: list[dict[str, Any]] = []
        self.tokens: list[str | None] = []
        self.refuses_to_recover = False
        self.is_down = False
        self.says_expired = False
        self.confirms_nothing = False
        self._socket: WebSocketRoute | None = None
        self._page = page
        page.route_web_socket("**/connection/websocket", self._opened)

    def publish(self, channel: str, event: dict[str, Any]) -> None:
        """To a page that has subscribed by then: it says "Live" a moment before."""
        while channel not in self.offsets:
            self._page.wait_for_timeout(10)
        self.offsets[channel] = offset = self.offsets[channel] + 1
        publication = {"data": event, "offset": offset}
        self._send({"push": {"channel": channel, "pub": publication}})

    def beat(self, seconds: float | None) -> None:
        """The pulse of the path behind the socket."""
        self._send({"push": {"message": {"data": {"pulse": seconds}}}})

    def cut(self) -> None:
        assert self._socket is not None
        self._socket.close(code=3001, reason="cut by the test")

    def end_session(self) -> None:
        """As the gateway does when users-service says that a session ended."""
        assert self._socket is not None
        self._socket.close(code=3014, reason="session ended")

    def _opened(self, socket: WebSocketRoute) -> None:
        if self.is_down:
            socket.close(code=3001, reason="down")
            return
        self._socket = socket
        socket.on_message(self._hear)

    def _hear(self, text: str | bytes) -> None:
        for line in str(text).split("\n"):
            self._answer(line)

    def _answer(self, line: str) -> None:
        command = json.loads(line)
        if "connect" in command:
            self.tokens.append(command["connect"].get("token"))
            if self.says_expired:
                self.says_expired = False
                error = {"code": 109, "message": "token expired"}
                self._send({"id": command["id"], "error": error})
                return
            connected = {"client": "c", "version": "script", "ping": 25, "pong": True}
            self._send({"id": command["id"], "connect": connected})
        if "subscribe" in command:
            self._subscribe(command["id"], command["subscribe"])

    def _subscribe(self, number: int, asked: dict[str, Any]) -> None:
        self.subscribed.append(asked)
        if self.confirms_nothing:
            return
        top = self.offsets.setdefault(asked["channel"], 7)
        if self.refuses_to_recover and asked.get("recover"):
            self.refuses_to_recover = False
            error = {"code": 112, "message": "unrecoverable position"}
            self._send({"id": number, "error": error})
            return
        position = {"recoverable": True, "positioned": True, "epoch": "e", "offset": top}
        recovery = {"was_recovering": True, "recovered": True} if asked.get("recover") else {}
        self._send({"id": number, "subscribe": position | recovery})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._socket is not None
        self._socket.send(json.dumps(message))


def event(kind: str, by: dict[str, Any] = BEN, **facts: Any) -> dict[str, Any]:
    who = {"id": by["id"], "name": by["name"]}
    number = f"00000000-0000-7000-8000-{next(_ids):012d}"
    return {
        "v": 1,
        "type": kind,
        "id": number,
        "at": "2026-11-23T12:00:00Z",
        "by": who,
        **facts,
    }
