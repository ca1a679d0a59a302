"""Promise: a client gets only what it may. Forged requests and foreign sockets are refused."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from notes_web import pages
from people import Person
from plain_visitor import form_token, visitor
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin
from wired_stack import WiredStack

# Every unsafe route of web, with a form that would change something. KEY is a note of the
# victim's, COMMENT one of the victim's comments, TRASHED a note in the victim's trash.
UNSAFE: dict[str, dict[str, str]] = {
    "/notes/add": {"title": "Forged", "body": "", "key": "", "once": "forged-once-1"},
    "/notes/KEY/edit": {"title": "Forged", "body": "", "version": "1", "choice": "mine"},
    "/notes/KEY/delete": {"version": "1", "title": "Menu"},
    "/notes/TRASHED/restore": {},
    "/notes/KEY/looked": {"version": "1"},
    "/notes/KEY/history/1/restore": {"version": "2"},
    "/notes/KEY/history/1/delete": {},
    "/notes/KEY/tick": {"task": "71beeff9", "place": "0", "alike": "1", "checked": "yes"},
    "/notes/KEY/comments": {"text": "Forged", "once": "forged-once-2"},
    "/notes/KEY/comments/COMMENT/edit": {"text": "Forged", "version": "1"},
    "/notes/KEY/comments/COMMENT/delete": {},
    "/notes/KEY/comments/COMMENT/restore": {},
    "/notes/save": {"docreate": "create", "notekey": "forged", "title": "Forged", "body": ""},
    "/notes/destroy/confirm": {"notekey": "KEY", "title": "Menu", "version": "1"},
    "/users/login": {"username": "USERNAME", "password": "PASSWORD"},
    "/users/signup": {"username": "forged-account", "password": "nine red apples"},
    "/users/logout": {},
    "/theme": {"theme": "dark"},
    "/live/token": {},
    "/users/reset": {"token": "forged", "password": "nine red apples"},
    "/users/login/code": {"step": "forged", "code": "123456"},
    "/users/login/passkey": {"flow": "forged", "credential": "{}"},
    "/users/login/at/work": {},
    "/users/passkeys/options": {},
    "/account": {"name": "Forged", "email": "forged@evil.example"},
    "/account/confirm": {"confirm_action": "/account", "confirm_password": "PASSWORD"},
    "/account/delete": {"username": "USERNAME"},
    "/account/export": {},
    "/account/password": {"old_password": "PASSWORD", "password": "nine red apples"},
    "/account/sessions/others/end": {},
    "/account/sessions/COMMENT/end": {},
    "/account/tokens": {"name": "Forged", "scope_write": "yes", "expires": "never"},
    "/account/tokens/COMMENT/revoke": {},
    "/account/two-step/begin": {},
    "/account/two-step/codes": {},
    "/account/two-step/confirm": {"code": "123456"},
    "/account/two-step/remove": {},
    "/account/passkeys": {"flow": "forged", "credential": "{}", "name": "Forged"},
    "/account/passkeys/new": {},
    "/account/passkeys/COMMENT/remove": {},
    "/account/link/work": {},
    "/account/unlink/work": {},
    "/users/forgot": {"account": "USERNAME"},
    "/users/confirm-email": {"token": "forged"},
    "/users/sign-in-link": {"token": "forged"},
    "/account/confirm/at/work": {},
    "/account/email-verification-request": {},
    "/account/passkeys/COMMENT/name": {"name": "Forged"},
    "/admin/accounts/ACCOUNT/disable": {},
    "/admin/accounts/ACCOUNT/enable": {},
    "/admin/accounts/ACCOUNT/reset-link": {},
    "/admin/accounts/ACCOUNT/role": {"role": "admin"},
    "/admin/accounts/ACCOUNT/sessions/end": {},
    "/admin/accounts/ACCOUNT/two-step/remove": {},
    "/admin/invitations": {"role": "admin"},
    "/admin/invitations/COMMENT/revoke": {},
}
# Programs show a token that no page can make a browser send (web/tests/test_api_proxy.py).
PROGRAMS = "/api/v1/"


class Victim:
    """A signed-in browser with notes, without the browser."""

    def __init__(self, stack: WiredStack, person: Person) -> None:
        self.person = person
        self.key = person.create("Menu", "Soup")["key"]
        self.comment = person.comment(self.key, "Mine")["id"]
        self.trashed = person.create("Old")["key"]
        person.delete(self.trashed, version=1)
        self.http = visitor(stack, person.session)
        self.token = form_token(self.http.get("/").text)

    def forms(self) -> list[tuple[str, dict[str, str]]]:
        return [
            (self._named(path), {name: self._named(value) for name, value in form.items()})
            for path, form in UNSAFE.items()
        ]

    def state(self) -> Any:
        """Everything that a forged request could have changed."""
        me = {"Authorization": f"Bearer {self.person.session}"}
        session = self.http.get(f"{self.person.users_url}/v1/sessions/current", headers=me)
        trash = self.http.get("/trash").text.count(f'data-key="{self.trashed}"')
        rows = [row for row in self.person.all_notes() if row["author"]["id"] == self.person.id]
        account = self.http.get(f"{self.person.users_url}/v1/account", headers=me).json()
        tokens = self.http.get(f"{self.person.users_url}/v1/api-tokens", headers=me).json()
        own = {name: account[name] for name in ("name", "email", "roles", "sessions")}
        return rows, self.person.comments(self.key), session.status_code, trash, own, tokens

    def _named(self, text: str) -> str:
        return (
            text.replace("KEY", self.key)
            .replace("ACCOUNT", self.person.id)
            .replace("COMMENT", str(self.comment))
            .replace("TRASHED", self.trashed)
            .replace("USERNAME", self.person.username)
            .replace("PASSWORD", self.person.password)
        )


@pytest.fixture(scope="module")
def victim(stack: WiredStack) -> Iterator[Victim]:
    victim = Victim(stack, stack.people.sign_up("Vera"))
    yield victim
    victim.http.close()


def unsafe_routes() -> list[APIRoute]:
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(pages.__path__, "notes_web.pages.")
    ]
    routers = [each.router for each in modules if hasattr(each, "router")]
    return [
        route
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and set(route.methods or ()) - {"GET", "HEAD", "OPTIONS"}
    ]


def test_every_unsafe_route_of_web_is_listed_here() -> None:
    routes = [route for route in unsafe_routes() if not route.path.startswith(PROGRAMS)]
    unlisted = [route.path for route in routes if not any(map(route.path_regex.match, UNSAFE))]
    assert unlisted == []
    assert [
        path for path in UNSAFE if not any(route.path_regex.match(path) for route in routes)
    ] == []


Attack = Callable[[str], tuple[dict[str, str], dict[str, str]]]

# What the attacker adds to headers and form; `token` is a right one, as if it had leaked.
ATTACKS: dict[str, Attack] = {
    "without a token": lambda token: ({}, {}),
    "with a made-up token": lambda token: ({}, {"csrf": "made-up"}),
    "from another site, said by Sec-Fetch-Site": lambda token: (
        {"Sec-Fetch-Site": "cross-site"},
        {"csrf": token},
    ),
    "from another site of the same domain": lambda token: (
        {"Sec-Fetch-Site": "same-site"},
        {"csrf": token},
    ),
    "from another site, said by Origin": lambda token: (
        {"Origin": "https://evil.example"},
        {"csrf": token},
    ),
    "from a page without an origin": lambda token: ({"Origin": "null"}, {"csrf": token}),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_promise_a_forged_request_changes_nothing_on_any_route(
    victim: Victim, attack: str
) -> None:
    before = victim.state()
    for path, form in victim.forms():
        headers, more = ATTACKS[attack](victim.token)
        answer = victim.http.post(path, data=form | more, headers=headers)
        assert answer.status_code == 403, path
        assert (
            "set-cookie" not in answer.headers or "session" not in answer.headers["set-cookie"]
        )
    assert victim.state() == before


def test_somebody_elses_form_token_does_not_fit(
    stack: WiredStack, victim: Victim, ben: Person
) -> None:
    with visitor(stack, ben.session) as http:
        bens = form_token(http.get("/").text)
    before = victim.state()
    for path, form in victim.forms():
        assert victim.http.post(path, data=form | {"csrf": bens}).status_code == 403, path
    assert victim.state() == before


def test_the_same_requests_with_the_right_token_do_get_through(
    stack: WiredStack, ana: Person
) -> None:
    """So that the refusals above are about forgery and nothing else."""
    victim = Victim(stack, ana)
    forms = dict(victim.forms())
    edit = f"/notes/{victim.key}/edit"
    answer = victim.http.post(edit, data=forms[edit] | {"csrf": victim.token})
    victim.http.close()
    assert answer.status_code == 303
    assert ana.read(victim.key)["title"] == "Forged"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_safe_method_never_changes_anything(victim: Victim, method: str) -> None:
    before = victim.state()
    for path, _ in victim.forms():
        victim.http.request(method, path)
    assert victim.state() == before


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil"])
def test_promise_a_socket_from_a_foreign_page_is_refused_at_the_handshake(
    stack: WiredStack, origin: str
) -> None:
    url = stack.url.replace("http", "ws", 1) + "/connection/websocket"
    with (
        pytest.raises(InvalidStatus) as refusal,
        connect(url, origin=Origin(origin), proxy=None),
    ):
        pass
    assert refusal.value.response.status_code == 403
    with connect(url, origin=Origin(stack.url), proxy=None):
        pass
