"""One person's way through every way in and every error of the whole system, with a secret of
its own at each step.
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
from authenticator_app import code
from canaries import Canaries
from conditions import eventually
from issuer import SECRET, Issuer
from mail_server import PASSWORD, MailServer, link_in, text_of
from plain_visitor import form_token, visitor
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin
from wired_stack import WiredStack


class Walk:
    """One person's way through everything, and what was secret on it."""

    def __init__(self, stack: WiredStack) -> None:
        self.stack = stack
        self.canaries = Canaries()
        self.http = visitor(stack)
        self.username = f"walker-{time.time_ns()}"
        self.users = stack.services["users-service"].url
        self.notes = stack.services["notes-service"].url

    def token(self, path: str = "/users/login") -> str:
        return self.canaries.keep(f"form token of {path}", form_token(self.http.get(path).text))

    def send(self, path: str, **form: str) -> httpx.Response:
        here = self.token("/" if "notes_session" in self.http.cookies else "/users/login")
        return self.http.post(path, data=form | {"csrf": here})

    def keep_session(self, name: str) -> None:
        self.canaries.keep(name, self.http.cookies["notes_session"])

    def own_password(self) -> str:
        return self.canaries.values["the password"]

    def sign_up_and_in(self) -> None:
        made = self.send(
            "/users/signup",
            username=self.username,
            password=self.canaries.new("the password"),
            email=self.canaries.new("the e-mail address") + "@example.org",
        )
        assert made.status_code == 303, made.text
        self.keep_session("the first session")
        self.send("/users/logout")
        wrong = self.canaries.new("a wrong password")
        answer = self.send("/users/login", username=self.username, password=wrong)
        assert answer.status_code == 401
        self.send("/users/login", username=self.username, password=self.own_password())
        self.keep_session("the second session")

    def second_factor(self) -> None:
        page = self.send("/account/two-step/begin").text
        key = _between(page, 'id="totp-key" class="code">', "<")
        self.canaries.keep("the key of the app", key)
        kept = unescape(_between(page, 'name="kept" value="', '"'))
        page = self.send("/account/two-step/confirm", kept=kept, code=code(key)).text
        codes = re.findall(r"<li><code[^>]*>([^<]+)|<li[^>]*>([A-Za-z0-9-]{12,})<", page)
        for number, found in enumerate(codes):
            self.canaries.keep(f"recovery code {number}", "".join(found))
        assert len(codes) == 10
        self.send("/users/logout")
        page = self.send(
            "/users/login", username=self.username, password=self.own_password()
        ).text
        step = self.canaries.keep("the second step", _between(page, 'name="step" value="', '"'))
        wrong = self.canaries.new("a wrong code")
        assert self.send("/users/login/code", step=step, code=wrong).status_code == 403
        right = self.canaries.values["recovery code 0"]
        assert self.send("/users/login/code", step=step, code=right).status_code == 303
        self.keep_session("the session after two steps")

    def tokens_of_programs(self) -> None:
        form = {"name": "script", "scope_read": "yes", "scope_write": "yes"}
        page = self.send("/account/tokens", expires="30", scope_realtime="yes", **form).text
        token = self.canaries.keep("the API token", _between(page, 'class="code" value="', '"'))
        for name in (token, "notes_" + self.canaries.new("a wrong API token")):
            bearer = {"Authorization": f"Bearer {name}"}
            self.http.get("/api/v1/notes", headers=bearer)
            answer = self.http.post("/api/v1/connection-token", headers=bearer)
            assert answer.status_code == (200 if name == token else 401)

    def sockets(self) -> None:
        given = self.send("/live/token").json()["token"]
        # Of an access token the signature alone: the rest says only who and when.
        self.canaries.keep("the realtime token", given.rpartition(".")[2])
        wrong = given.rpartition(".")[0] + "." + self.canaries.new("a wrong signature")
        address = self.stack.url.replace("http", "ws", 1) + "/connection/websocket"
        query = self.canaries.new("a token in the socket's address")
        for token in (given, wrong):
            with connect(
                f"{address}?cf_token={query}", origin=Origin(self.stack.url), proxy=None
            ) as socket:
                socket.send(json.dumps({"id": 1, "connect": {"token": token}}))
                with suppress(ConnectionClosed):  # refused or answered: both leave traces
                    socket.recv(timeout=30)

    def texts(self) -> None:
        form = {"title": self.canaries.new("a title"), "body": self.canaries.new("a body")}
        made = self.send("/notes/add", **form, key="", once="once-once-once-1")
        said = self.canaries.new("a comment")
        self.send(made.headers["location"] + "/comments", text=said, once="once-once-once-2")
        self.http.get("/", params={"q": self.canaries.new("what is searched for")})

    def reset(self) -> None:
        key = httpx.BasicAuth(*self.stack.environment.users_api_key.split(":", 1))
        with httpx.Client(base_url=self.users, trust_env=False, auth=key) as operator:
            found = operator.get("/v1/accounts", params={"username": self.username}).json()
            path = f"/v1/accounts/{found['accounts'][0]['id']}/reset-link"
            link = operator.post(path).json()["token"]
            code = operator.post("/v1/invitations", json={"role": "reader"}).json()["code"]
            way = path.replace("reset-link", "sign-in-link")
            self.canaries.keep("the operator's link", operator.post(way).json()["token"])
        self.canaries.keep("the reset link", link)
        self.canaries.keep("the invitation", code)
        self.send("/users/logout")
        new = self.canaries.new("the new password")
        assert self.send("/users/reset", token=link, password=new).status_code == 303
        wrong = self.canaries.new("a wrong reset link")
        assert self.send("/users/reset", token=wrong, password=new).status_code == 403

    def emails(self, post_office: MailServer) -> None:
        """An address is verified and a password set by links that came in e-mails."""
        self.canaries.keep("the mail server's password", PASSWORD)
        with httpx.Client(base_url=self.users, trust_env=False, timeout=30) as users:
            token = self._link(post_office, "confirm-email", "the link that proves an address")
            proven = users.post("/v1/email-verifications", json={"token": token})
            assert proven.status_code == 200, proven.text
            asked = {"account": self.canaries.values["the e-mail address"] + "@example.org"}
            assert users.post("/v1/password-reset-requests", json=asked).status_code == 202
            unknown = {"account": self.canaries.new("an unknown address") + "@example.org"}
            assert users.post("/v1/password-reset-requests", json=unknown).status_code == 202
            token = self._link(post_office, "reset", "the reset link of an e-mail")
            new = {"token": token, "password": self.canaries.new("the newest password")}
            assert users.post("/v1/password-resets", json=new).status_code == 204

    def _link(self, post_office: MailServer, page: str, name: str) -> str:
        def links() -> list[str]:
            found = (link_in(each) for each in post_office.emails if "#" in text_of(each))
            return [token for address, token in found if address.endswith(f"/users/{page}")]

        return self.canaries.keep(name, eventually(links, within=20)[-1])

    def provider(self, issuer: Issuer) -> None:
        self.http.cookies.delete("notes_session")
        page = self.send("/users/login/at/work", next="/").text
        leaving = unescape(re.findall(r'href="([^"]*authorize[^"]*)"', page)[0])
        asked = {name: value[0] for name, value in parse_qs(urlsplit(leaving).query).items()}
        for name in ("state", "nonce", "code_challenge"):
            self.canaries.keep(f"the provider's {name}", asked[name])
        self.canaries.keep("the cookie of the flow", self.http.cookies["notes_flow"])
        self.canaries.keep("the client's secret", SECRET)
        code = self.canaries.new("the provider's code")
        issuer.codes[code] = asked
        brought = {"code": code, "state": asked["state"], "iss": issuer.url}
        answer = self.http.get("/users/callback/work", params=brought)
        assert answer.headers["location"] == "/", answer.text
        self.keep_session("the session from elsewhere")
        wrong = {"code": self.canaries.new("a code of nobody"), "state": "x" * 20}
        self.http.get("/users/callback/work", params=wrong)

    def mistakes(self) -> None:
        """What is refused: 401, 404, 405, 413, 422, and what is no JSON."""
        new = self.canaries.new
        with httpx.Client(base_url=self.users, trust_env=False, timeout=30) as users:
            wrong = {"username": [new("a list")], "password": {"a": new("an object")}}
            assert users.post("/v1/accounts", json=wrong).status_code == 422
            broken = '{"password": "' + new("what is no JSON")
            typed = {"Content-Type": "application/json"}
            assert users.post("/v1/sessions", content=broken, headers=typed).status_code == 400
            large = {"password": new("too much") + "x" * 2**21}
            assert users.post("/v1/sessions", json=large).status_code == 413
            for kind in ("Bearer", "Basic", "Digest"):
                shown = {"Authorization": f"{kind} {new('a wrong ' + kind)}"}
                assert users.get("/v1/account", headers=shown).status_code == 401
            typed = {"X-API-Key": f"web:{new('a wrong API key')}"}
            users.post("/v1/tokens", headers=typed)
            users.request("PATCH", "/v1/sessions", params={"password": new("in a query")})
        with httpx.Client(base_url=self.notes, trust_env=False, timeout=30) as notes:
            shown = {"Authorization": f"Bearer {new('no access token')}"}
            assert notes.get("/v1/notes", headers=shown).status_code == 401
        wrong_key = {"X-API-Key": new("a wrong key of the gateway")}
        gateway = self.stack.services["realtime-gateway"].url
        httpx.post(
            f"{gateway}/api/info", json={}, headers=wrong_key, trust_env=False, timeout=30
        )
        self.http.get(f"/nowhere?password={new('in a query at the edge')}")
        with suppress(httpx.NetworkError):  # refused while it is being sent
            self.http.post("/users/login", content=b"x" * 2**21)
        self.http.cookies.set("notes_session", new("a session of nobody"))
        self.http.get("/account")
        self.http.cookies.delete("notes_session")

    def breakdowns(self) -> None:
        """Answers of 500 and 503, with their traces."""
        with _without(self.stack, "users", "accounts"):
            broken = self.canaries.new("a password during a breakdown")
            shown = {"username": self.username, "password": broken}
            answer = httpx.post(
                f"{self.users}/v1/sessions", json=shown, trust_env=False, timeout=30
            )
            assert answer.status_code >= 500
            assert self.send("/users/login", **shown).status_code == 503
        person = self.stack.people.sign_up("Eve")
        self.canaries.keep("a session", person.session)
        shown = {"Authorization": f"Bearer {person.token}"}
        self.canaries.keep("an access token", person.token.rpartition(".")[2])
        with _without(self.stack, "notes", "notes"):
            text = {"title": "x", "body": self.canaries.new("a body during a breakdown")}
            answer = httpx.post(
                f"{self.notes}/v1/notes", json=text, headers=shown, trust_env=False
            )
            assert answer.status_code >= 500
        self.stack.services["web"].stop()
        try:
            code = self.canaries.new("a code while web is away")
            # The edge waits for web as long as it promises to, then answers.
            self.http.get("/", params={"code": code}, timeout=30)
        finally:
            self.stack.services["web"].start()


@contextmanager
def _without(stack: WiredStack, database: str, table: str) -> Iterator[None]:
    """So that a statement fails in a way that nobody foresaw."""
    rename = "ALTER TABLE {} RENAME TO {}"
    stack.postgres.execute(rename.format(table, f"{table}_gone"), database=database)
    try:
        yield
    finally:
        stack.postgres.execute(rename.format(f"{table}_gone", table), database=database)


def _between(text: str, before: str, after: str) -> str:
    assert before in text, text[-3000:]
    return text.split(before, 1)[1].split(after, 1)[0]
