"""Bytes that no text is made of, in every header and cookie of every route: never a 5xx.

What a stranger sends goes on in requests of ours only as a connection can carry it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from browsing import PUBLIC_URL, Backends, web_settings
from fake_backends import ANA
from fastapi import FastAPI
from notes_web.app import create_app
from notes_web.cookies import Cookies
from notes_web.csrf import TOKEN
from notes_web.signed_cookies import Signer
from starlette.types import Receive, Scope, Send
from strange_headers import VALUES, Wire, addresses, failures, sets_of

pytestmark = pytest.mark.slow

COOKIES = (Cookies.SESSION, Cookies.BROWSER, Cookies.MESSAGE, Cookies.FLOW, Cookies.THEME)
FEW = [
    *(("GET", path) for path in ("/", "/nowhere", "/assets/x", "/api/v1/notes")),
    *(("POST", path) for path in ("/users/login", "/notes/menu/edit", "/api/v1/notes")),
]
BAKED = VALUES | {
    "quoted octal": b'"a\\012b\\351"',
    "nearly sealed": b"e30.x",
    "sealed beyond ASCII": b"\xe9.\xe9",
}
EVERYWHERE = ("together", "accept")


@dataclass
class Front:
    client: httpx.AsyncClient
    asked: list[tuple[str, str]]
    usual: dict[str, str]
    """Of somebody who is signed in, with a form token that fits."""
    query: bytes = b""
    """In place of the one that a client could send."""


@pytest.fixture(scope="module")
def answered() -> list[tuple[str, str]]:
    """What the fakes can answer. They know less than services: the rest is left out."""
    return []


@pytest.fixture
async def front(backends: Backends, answered: list[tuple[str, str]]) -> AsyncIterator[Front]:
    wires = {name: Wire(each) for name, each in backends.transports().items()}
    app: FastAPI = create_app(web_settings(), transports=wires)
    session = backends.users.sign_in(ANA)
    backends.notes.put("menu", "Menu")
    signer = Signer(web_settings().secret.get_secret_value())
    usual = {
        "Host": "notes.test",
        "Origin": PUBLIC_URL,
        "Sec-Fetch-Site": "same-origin",
        "Cookie": f"{Cookies.SESSION}={session}",
        "X-Form-Token": signer.mac(TOKEN, session),
    }
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
            query = made.query or scope["query_string"]
            await app({**scope, "query_string": query, "state": dict(state)}, receive, send)

        transport = httpx.ASGITransport(with_state, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)
        made = Front(client, answered, usual)
        if not answered:
            ways_out = ("/users/logout", "/account/delete", "/metrics")
            every = [each for each in addresses(app, key="menu") if each[1] not in ways_out]
            broken = await failures(client, every, usual=usual, sent=[])
            fails = {(method, path) for method, path, _ in broken}
            answered += [each for each in every if each not in fails]
        assert len(answered) > 60
        yield made


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
async def test_no_route_fails_for_a_header_that_is_no_text(front: Front, value: bytes) -> None:
    found = {}
    for header, sent in sets_of(value).items():
        asked = front.asked if header in EVERYWHERE else FEW
        found[header] = await failures(front.client, asked, usual=front.usual, sent=sent)
    assert {header: each for header, each in found.items() if each} == {}


@pytest.mark.parametrize("value", BAKED.values(), ids=BAKED)
async def test_no_route_fails_for_a_cookie_that_is_no_text(front: Front, value: bytes) -> None:
    every = b"; ".join(name.encode() + b"=" + value for name in COOKIES)
    sent = [(b"cookie", every)]
    assert await failures(front.client, front.asked, usual=front.usual, sent=sent) == []
    for name in COOKIES:
        usual = front.usual["Cookie"].encode() + b"; " if name != Cookies.SESSION else b""
        sent = [(b"cookie", usual + name.encode() + b"=" + value)]
        assert await failures(front.client, FEW, usual=front.usual, sent=sent) == [], name


@pytest.mark.parametrize(
    "query",
    [b"next=\xff", b"\xc3\xa9", b"q=%ff&\x00=1", b"q=\x1b"],
    ids=["half a letter", "a letter", "NUL", "ESC"],
)
async def test_no_route_fails_for_a_query_that_is_no_text(front: Front, query: bytes) -> None:
    front.query = query
    assert await failures(front.client, front.asked, usual=front.usual, sent=[]) == []


@pytest.mark.parametrize("version", ["abc", "-1", "1.5", "\u00b2", "9" * 5000, "", "\0"])
async def test_a_version_that_is_none_is_told_as_a_page(front: Front, version: str) -> None:
    for path in ("/notes/menu/delete", "/notes/menu/edit"):
        sent = {"version": version, "title": "Menu", "body": "Soup"}
        headers = front.usual
        answer = await front.client.post(path, data=sent, headers=headers)
        assert answer.status_code < 500, path
