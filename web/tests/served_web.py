"""The web front as a real server on a free port, its backends in memory, and a real browser."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import uvicorn
from browsing import Backends, web_settings
from looks import DESKTOP
from notes_web.app import create_app
from playwright.sync_api import Browser, Page, expect
from scripted_socket import ScriptedSocket

expect.set_options(timeout=30_000)


class ScriptedPage(Page):
    """A page whose socket is the test's."""

    script: ScriptedSocket


def nothing_is_kept(page: Page) -> None:
    """Waits for it: a page drops what was saved once its script has run."""
    names = "Object.keys(localStorage)"
    page.wait_for_function(f"() => !{names}.some(name => name.startsWith('notes:draft'))")


class Served:
    def __init__(self, backends: Backends, url: str, browser: Browser) -> None:
        self.backends, self.url, self._browser = backends, url, browser
        self.problems: list[str] = []

    def open(
        self, path: str, person: dict[str, Any] | None = None, **options: Any
    ) -> ScriptedPage:
        """A new window of a new browser profile; its socket is `page.script`."""
        given = {"viewport": DESKTOP, "reduced_motion": "reduce", "locale": "en-GB"} | options
        context = self._browser.new_context(**given)
        # How soon a page comes is no promise of these tests; a busy machine may take its time.
        context.set_default_timeout(30_000)
        if person:
            session = self.backends.users.sign_in(person)
            cookie = {"name": "notes_session", "value": session, "url": self.url}
            context.add_cookies([cookie])  # type: ignore[list-item]
        page = cast(ScriptedPage, context.new_page())
        page.on("pageerror", lambda error: self.problems.append(f"{path}: {error}"))
        page.on("console", lambda said: self._heard(path, said.type, said.text))
        page.script = ScriptedSocket(page)
        page.goto(self.url + path)
        return page

    def _heard(self, path: str, kind: str, text: str) -> None:
        # A status of 4xx is an answer here; a report of the content policy is a problem.
        if kind == "error" and "Failed to load resource" not in text:
            self.problems.append(f"{path}: {text}")


@contextmanager
def served(backends: Backends, host: str = "127.0.0.1") -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://{host}:{listening.getsockname()[1]}"
        app = create_app(web_settings(public_url=url), transports=backends.transports())
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="error", lifespan="on", server_header=False)
        )
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield url
        server.should_exit = True
        thread.join(timeout=30)
