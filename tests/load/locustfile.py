"""People at Notes for Locust: they log in, look at the list and notes, write, and watch live.

Everything goes through the edge as from a browser: pages and forms with their tokens, and a
WebSocket that speaks the Centrifuge protocol. Started by `./notes bench locust`, or by hand:

    locust -f tests/load/locustfile.py --host http://localhost:3000 --accounts .notes/demo.json

Rows of type LIVE are what a page would see: `a save, until its writer's page has it`, and the
age of every publication, by the server's clock, when it arrives.
"""

import json
import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import gevent
from gevent.lock import RLock
from locust import FastHttpUser, between, events, task
from locust.exception import RescheduleTask, StopUser
from locust_socket import LiveSocket, NotSubscribed

Json = dict[str, Any]

HOME = "home"
NAMES = {
    "csrf": re.compile(r'name="csrf" value="([^"]+)"'),
    "version": re.compile(r'name="version" value="(\d+)"'),
    "once": re.compile(r'name="once" value="([^"]+)"'),
    "form-token": re.compile(r'name="form-token" content="([^"]+)"'),
}
ROWS = re.compile(r'href="/notes/([A-Za-z0-9._~-]+)"')
NOT_NOTES = {"add"}
OWN = "load-"
"""How the notes begin that one writer alone writes."""
LOGIN_PAUSE = 0.3
"""Between two logins of this process: hashing a password costs the server 50 ms of a core."""

_door = RLock()


@events.init_command_line_parser.add_listener
def _arguments(parser: Any) -> None:
    parser.add_argument(
        "--accounts",
        type=Path,
        default=Path(".notes/demo.json"),
        metavar="FILE",
        help='who logs in: {"passwords": {"name": "password"}}, as ./notes up --demo writes it',
    )


class Visitor(FastHttpUser):
    """Somebody without an account: reads, and watches the list and one note."""

    weight = 3
    wait_time = between(1, 3)
    key = ""

    def on_start(self) -> None:
        page = self.page("/", "the list")
        self.keys = _keys(page)
        self.key = random.choice(self.keys) if self.keys else ""
        self.watch(token=None)

    def on_stop(self) -> None:
        self.socket.stop()

    @task(2)
    def look_at_the_list(self) -> None:
        self.keys = _keys(self.page("/", "the list")) or self.keys

    @task(3)
    def look_at_a_note(self) -> None:
        if self.keys:
            self.page(f"/notes/{random.choice(self.keys)}", "a note")

    @task(1)
    def search(self) -> None:
        self.page("/?q=list", "a search")

    def page(self, path: str, name: str) -> str:
        with self.client.get(path, name=name, catch_response=True) as answer:
            if answer.status_code in (404, 410) and path.startswith("/notes/"):
                answer.success()  # deleted meanwhile
            return str(answer.text or "")

    def send(self, path: str, name: str, fields: Json, *, fine: tuple[int, ...]) -> int:
        """What a form sends; anything but `fine` counts as failed."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.host}
        with self.client.post(
            path, name=name, data=urlencode(fields), headers=headers, allow_redirects=False,
            catch_response=True,
        ) as answer:  # fmt: skip
            if answer.status_code in fine:
                answer.success()
            else:
                answer.failure(f"answered with {answer.status_code}")
            return int(answer.status_code)

    def watch(self, token: Callable[[], str] | None) -> None:
        channels = [HOME, *([f"notes:{self.key}"] if self.key else [])]
        url = urlsplit(str(self.host))
        address = f"{url.scheme.replace('http', 'ws', 1)}://{url.netloc}/connection/websocket"
        self.socket = LiveSocket(address, str(self.host), channels, token, self.hear, self.tell)
        gevent.spawn(self.socket.run)

    def hear(self, channel: str, event: Json) -> None:
        """A publication has arrived."""

    def tell(self, kind: str, name: str, seconds: float, error: Exception | None) -> None:
        self.environment.events.request.fire(
            request_type=kind, name=name, response_time=seconds * 1000, response_length=0,
            exception=error, context={},
        )  # fmt: skip


class Writer(Visitor):
    """Somebody with an account: has a note of their own, and writes there and in others'."""

    weight = 1

    def on_start(self) -> None:
        self._saved: dict[int, float] = {}
        self._log_in()
        self.keys = _keys(self.page("/", "the list"))
        self.key = f"{OWN}{random.getrandbits(40):x}"
        form = self._form("/notes/add", "the form of a new note")
        words = {"key": self.key, "title": "Load", "body": "Made by the load test."}
        self.send("/notes/add", "make a note", {**form, **words, "choice": "save"}, fine=(303,))
        self.watch(self._live_token)

    @task(4)
    def write(self) -> None:
        form = self._form(f"/notes/{self.key}/edit", "the form of a note")
        version = int(form.get("version", 0)) + 1
        self._saved = {version: time.perf_counter()}
        self._save(self.key, form, "save a note", fine=(303,))

    @task(1)
    def write_where_others_do(self) -> None:
        shared = [key for key in self.keys if not key.startswith(OWN)]
        if shared:
            key = random.choice(shared)
            form = self._form(f"/notes/{key}/edit", "the form of a note")
            # 409: somebody was faster, and both texts are shown. 410: deleted meanwhile.
            self._save(key, form, "save a note of all", fine=(303, 409, 410))

    @task(1)
    def comment(self) -> None:
        form = self._form(f"/notes/{self.key}", "a note")
        fields = {**form, "text": "Is there cake?"}
        self.send(f"/notes/{self.key}/comments", "comment", fields, fine=(303,))

    def hear(self, channel: str, event: Json) -> None:
        if channel != HOME:
            started = self._saved.pop(event.get("note", {}).get("version"), None)
            if started is not None:
                name = "a save, until its writer's page has it"
                self.tell("LIVE", name, time.perf_counter() - started, None)

    def _log_in(self) -> None:
        book = json.loads(self.environment.parsed_options.accounts.read_text())
        username, password = random.choice(list(book["passwords"].items()))
        with _door:  # one after the other: see LOGIN_PAUSE
            form = self._form("/users/login", "the log-in form")
            fields = {**form, "username": username, "password": password, "next": "/"}
            if self.send("/users/login", "log in", fields, fine=(303,)) != 303:
                raise StopUser
            gevent.sleep(LOGIN_PAUSE)

    def _save(self, key: str, form: Json, name: str, *, fine: tuple[int, ...]) -> None:
        words = {"title": f"Load {time.time():.3f}", "body": "Soup and **bread**\n" * 10}
        fields = {**form, **words, "choice": "save"}
        if self.send(f"/notes/{key}/edit", name, fields, fine=fine) == 303:
            self.page(f"/notes/{key}", "a note")

    def _form(self, path: str, name: str) -> Json:
        page = self.page(path, name)
        if not _first("csrf", page):
            raise RescheduleTask  # a failed answer, and counted as one
        self._form_token = _first("form-token", page)
        return {name: _first(name, page) for name in ("csrf", "version", "once")}

    def _live_token(self) -> str:
        """As the island asks: the token of the page, in a header."""
        headers = {"X-Form-Token": self._form_token, "Origin": str(self.host)}
        answer = self.client.post("/live/token", name="a token for the socket", headers=headers)
        if answer.status_code != 200:
            raise NotSubscribed(f"no token: {answer.status_code}")
        return str(answer.json()["token"])


def _keys(page: str) -> list[str]:
    return sorted({key for key in ROWS.findall(page) if key not in NOT_NOTES})


def _first(name: str, page: str) -> str:
    found = NAMES[name].search(page)
    return found[1] if found else ""
