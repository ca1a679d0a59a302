"""Windows of a real browser, and our pages in them as a person sees them.

A window notes down whatever no page of ours may ever do: a script error, a refusal by the
content security policy, a dialog, a request to another host, an answer without the security
headers. `problems` stays empty, or the test that opened the window fails.
"""

import contextlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from answer_rules import header_faults
from local_stack import chromium
from local_stack.bootstrap import Environment
from looks import DESKTOP
from people import Person
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Playwright,
    Response,
    expect,
)
from text_field import text_field

ROOT = Path(__file__).resolve().parents[1]

expect.set_options(timeout=30_000)

# What a browser says of its own accord when the server is away or answers with an error.
_USUAL = re.compile(
    r"Failed to load resource|net::ERR_|WebSocket connection to .* failed|"
    r"WebSocket is closed before the connection is established"
)

_WATCH = """
window.problems = [];
window.pwned = () => { window.problems.push("a script ran"); };
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) => {
  window.problems.push(`${violatedDirective} refused ${blockedURI} ${sample}`);
});
"""


@dataclass
class Window:
    """One window of one person (nobody in particular when `person` is None)."""

    context: BrowserContext
    page: Page
    url: str
    person: Person | None = None
    problems: list[str] = field(default_factory=list)
    elsewhere: set[str] = field(default_factory=set)
    """Other sites (host:port) that this window may go to: a provider that people sign in at."""

    def sign_in(self, person: Person) -> None:
        """As if the person had just logged in here, without the form."""
        cookie = {"name": "notes_session", "value": person.session, "url": self.url}
        self.context.add_cookies([cookie | {"httpOnly": True, "sameSite": "Lax"}])  # type: ignore[list-item]
        self.person = person

    def go(self, path: str = "/") -> Page:
        self.page.goto(self.url + path)
        return self.page

    def reload(self) -> None:
        self.page.reload()

    def wait_until_live(self) -> None:
        expect(self.page.locator("#connection")).to_have_attribute("data-state", "live")

    def mark(self) -> None:
        """So that `is_same_document` can tell whether the page was loaded again since."""
        self.page.evaluate("window.notReloaded = true")

    def is_same_document(self) -> bool:
        return bool(self.page.evaluate("window.notReloaded === true"))

    # The list

    def watch_home(self) -> None:
        self.go("/")
        self.wait_until_live()
        self.mark()

    def row(self, key: str) -> Locator:
        return self.page.locator(f'#notes [data-key="{key}"]')

    def row_title(self, key: str) -> Locator:
        return self.row(key).locator("[data-field=title]")

    def rows(self) -> list[tuple[str, int, str]]:
        """(key, version, title) of every row, top first."""
        found = self.page.evaluate(
            """[...document.querySelectorAll("#notes [data-key]")].map((row) => [
                row.dataset.key, Number(row.dataset.version),
                row.querySelector("[data-field=title]").textContent])"""
        )
        return [(key, version, title) for key, version, title in found]

    # A note

    def watch_note(self, key: str) -> None:
        self.go(f"/notes/{key}")
        self.wait_until_live()
        self.mark()

    @property
    def title(self) -> Locator:
        return self.page.locator("#note-title")

    @property
    def body(self) -> Locator:
        return self.page.locator("#note-body")

    @property
    def comments(self) -> Locator:
        return self.page.locator("#comment-list [data-comment] [data-field=text]")

    @property
    def toasts(self) -> Locator:
        return self.page.locator("#toasts")

    @property
    def company(self) -> Locator:
        """Who else is there, in one sentence."""
        return self.page.locator("#present [data-field=text]")

    def say(self, text: str) -> None:
        self.page.fill("#text", text)
        self.page.click("#comment-form button[type=submit]")

    def delete_comment(self, text: str) -> None:
        said = self.page.locator("#comment-list [data-comment]", has_text=text)
        said.get_by_role("link", name="Delete comment").click()
        # A dialog, or a page where no script runs.
        asked = self.page.locator("#comment-sure, #comment-delete-form")
        asked.get_by_role("button", name="Delete").click()

    def delete_note(self) -> None:
        self.page.click("#delete-link")

    # Forms

    def write(self, title: str, body: str = "", *, key: str | None = None) -> str:
        """A new note by its form; returns its key."""
        self.go("/notes/add")
        self.page.fill("#title", title)
        text_field(self.page).fill(body)
        if key is not None:
            self.page.get_by_text("Choose the address").click()
            self.page.fill("#key", key)
        self.save()
        return urlsplit(self.page.url).path.removeprefix("/notes/")

    def edit(self, key: str, *, title: str | None = None, body: str | None = None) -> None:
        self.go(f"/notes/{key}/edit")
        if title is not None:
            self.page.fill("#title", title)
        if body is not None:
            text_field(self.page).fill(body)
        self.save()

    def save(self) -> None:
        with self.page.expect_navigation():
            self.page.click("#edit-form button[value=save]")

    def sign_up(self, username: str, password: str, name: str = "", **more: str) -> None:
        self.go("/users/signup")
        typed = {"username": username, "name": name, "password": password} | more
        for label, text in typed.items():
            self.page.fill(f"#{label}", text)
        with self.page.expect_navigation():
            self.page.click("#signup-form button[type=submit]")

    def log_in(self, username: str, password: str) -> None:
        self.go("/users/login")
        self.page.fill("#username", username)
        self.page.fill("#password", password)
        with self.page.expect_navigation():
            self.page.click("#login-form button.primary")

    def log_out(self) -> None:
        with self.page.expect_navigation():
            self.page.click("#logout button")

    # What may never happen

    def all_problems(self) -> list[str]:
        found: list[str] = []
        for page in self.context.pages:
            with contextlib.suppress(Exception):  # a page that shows nothing of ours
                found += page.evaluate("window.problems ?? []")
        return [*self.problems, *found]

    def cookie_faults(self) -> list[str]:
        """Of what the browser has kept for us."""
        return [
            f"cookie {each['name']}: {each}"
            for each in self.context.cookies(self.url)
            if not (each["httpOnly"] and each["sameSite"] in ("Lax", "Strict"))
            or each["path"] != "/"
        ]


OpenWindow = Callable[..., Window]


def launch(playwright: Playwright) -> Browser:
    """The Chromium that `./notes test` found, else the one that it would find.

    Playwright adds what a machine needs that is not prepared for browsers: no sandbox (root, or
    no user namespaces), no use of a small /dev/shm, no traffic of the browser's own.
    """
    return playwright.chromium.launch(executable_path=_path(), args=["--disable-quic"])


@cache
def _path() -> str:
    return os.environ.get("NOTES_CHROMIUM") or str(chromium.find(Environment(ROOT)))


def open_window(
    browser: Browser, url: str, person: Person | None = None, **options: Any
) -> Window:
    """`options` are Playwright's for a context; a person comes signed in."""
    context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB"} | options)
    if options.get("java_script_enabled", True):
        context.add_init_script(_WATCH)
    window = Window(context, context.new_page(), url)
    if person is not None:
        window.sign_in(person)
    _listen(window)
    return window


def _listen(window: Window) -> None:
    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not _USUAL.search(message.text):
            window.problems.append(f"console: {message.text}")

    def on_dialog(dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            window.problems.append(f"dialog: {dialog.message}")
        dialog.accept()

    def on_response(response: Response) -> None:
        window.problems.extend(f"{response.url}: {said}" for said in _faults(response, window))

    window.page.on("pageerror", lambda error: window.problems.append(f"script error: {error}"))
    window.page.on("console", on_console)
    window.page.on("dialog", on_dialog)
    window.context.on("response", on_response)


def _faults(response: Response, window: Window) -> list[str]:
    if not response.url.startswith("http"):
        return []  # data: and blob: pictures
    if urlsplit(response.url).netloc in window.elsewhere:
        return []
    if urlsplit(response.url).hostname != urlsplit(window.url).hostname:
        return ["asked another host"]
    given = {name: [value] for name, value in response.headers.items()}
    return header_faults(response.status, given)
