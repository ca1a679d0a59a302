"""A browser without JavaScript, as far as tests need one: cookies, pages, forms."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
from fake_backends import FakeGateway, FakeNotes
from fake_passkeys import FakePasskeys
from notes_web.settings import Settings
from pydantic import SecretStr

PUBLIC_URL = "http://notes.test"
FILES = Path(__file__).resolve().parents[1]


def web_settings(**changes: Any) -> Settings:
    given: dict[str, Any] = {
        "public_url": PUBLIC_URL,
        "notes_url": "http://notes",
        "users_url": "http://users",
        "users_api_key": SecretStr("web:secret-of-web"),
        "gateway_url": "http://gateway",
        "gateway_api_key": SecretStr("gateway-key"),
        "secret": SecretStr("a secret of thirty-two characters"),
        "files_dir": FILES,
        "patience_seconds": 0.3,
    }
    return Settings(**given | changes)


@dataclass
class Backends:
    notes: FakeNotes = field(default_factory=FakeNotes)
    users: FakePasskeys = field(default_factory=FakePasskeys)
    gateway: FakeGateway = field(default_factory=FakeGateway)

    def transports(self) -> dict[str, httpx.AsyncBaseTransport]:
        return {
            "notes": self.notes.transport(),
            "users": self.users.transport(),
            "gateway": self.gateway.transport(),
        }


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Page:
    response: httpx.Response
    forms: dict[str, Form] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.response.text

    @property
    def path(self) -> str:
        return str(self.response.url).removeprefix(PUBLIC_URL)

    def form(self, name: str) -> Form:
        """By its id, else by the end of its action."""
        for form in self.forms.values():
            if form.action.endswith(name):
                self.forms.setdefault(name, form)
                break
        return self.forms[name]


class Browser:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.headers = {"Sec-Fetch-Site": "same-origin"}

    def carry(self, session: str) -> None:
        """Hold this session, in place of the one before."""
        self.client.cookies.set("notes_session", session, domain="notes.test", path="/")

    async def get(self, path: str) -> Page:
        return _parsed(await self.client.get(path, follow_redirects=True))

    async def submit(self, form: Form, **typed: str) -> Page:
        """Send a form as a browser does: typed fields over those of the page."""
        data = {name: value.replace("\n", "\r\n") for name, value in form.fields.items()}
        data |= {name: value.replace("\n", "\r\n") for name, value in typed.items()}
        sent = await self.client.post(form.action, data=data, headers=self.headers)
        if sent.status_code == 307:
            location = sent.headers["Location"]
            sent = await self.client.post(location, data=data, headers=self.headers)
        if sent.is_redirect:
            return await self.get(sent.headers["Location"])
        return _parsed(sent)


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self.page, self.form, self.textarea, self.depth = page, Form(""), "", 0
        self.value = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "template":
            self.depth += 1
        if self.depth:
            return
        if tag == "form" and given.get("method") == "post":
            self.form = Form(given.get("action", ""))
            self.page.forms[given.get("id") or f"form {len(self.page.forms)}"] = self.form
        elif tag == "input" and given.get("name") and given.get("type") != "checkbox":
            self.form.fields[given["name"]] = given.get("value", "")
        elif tag == "textarea" and given.get("name"):
            self.textarea, self.value = given["name"], ""
        elif tag == "a" and given.get("id"):
            self.page.links[given["id"]] = given.get("href", "")

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self.depth -= 1
        elif tag == "textarea" and self.textarea:
            # HTML drops one line end at the start of a textarea.
            self.form.fields[self.textarea] = self.value.removeprefix("\n")
            self.textarea = ""
        elif tag == "form":
            self.form = Form("")


def _parsed(response: httpx.Response) -> Page:
    page = Page(response)
    if response.headers.get("Content-Type", "").startswith("text/html"):
        _Reader(page).feed(response.text)
    return page
