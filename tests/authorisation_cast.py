"""Who calls in the authorisation matrix, each with what they show to each service."""

import base64
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final

import httpx
import jwt
from people import Person
from plain_visitor import form_token, visitor
from wired_stack import WiredStack

Json = dict[str, Any]

COLUMNS: Final = (
    "anonymous", "reader", "editor", "author", "admin", "key", "web", "other",
    "expired", "revoked",
)  # fmt: skip


@dataclass
class Caller:
    """One column. What is None is not shown."""

    person: Person | None = None
    session: str | None = None
    """At users-service as a bearer, at web as the cookie."""
    access: str | None = None
    """The access token for notes-service."""
    realtime: str | None = None
    api_token: str | None = None
    key: str | None = None
    """An operator's for users-service, "name:secret"."""
    gateway_key: str = ""
    cookies: str = ""
    """At web, whoever it is."""
    csrf: str = ""

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode((self.key or "").encode()).decode()


_TOKENS_GOOD_SECONDS = 120.0  # of the 300 that they live


class Cast:
    """Makes people of each role on a running stack; `at[column]` is who calls."""

    def __init__(self, stack: WiredStack) -> None:
        self.stack = stack
        self.http = httpx.Client(trust_env=False, timeout=20, follow_redirects=False)
        self.untouched: dict[Any, dict[str, str]] = {}
        """What was made for a request that was refused, for the next one."""
        self.users_url = stack.services["users-service"].url
        self.key = stack.environment.users_api_key
        stack.people.sign_up("Boss")  # the first one of all is an administrator, and stays
        self.at = {
            "anonymous": Caller(),
            "key": Caller(key=self.key, gateway_key=stack.environment.gateway_api_key),
            "web": Caller(key=stack.environment.web_users_key),
        }
        self.at |= {
            name: self.someone(role)
            for name, role in (
                ("reader", "reader"),
                ("editor", "editor"),
                ("author", "editor"),
                ("admin", "admin"),
            )
        }
        self.at["other"] = self._mistaken(self.at["author"])
        self.at["expired"] = self._expired()
        self.at["revoked"] = self._revoked()
        for caller in self.at.values():
            self.browse(caller)
        self._tokens_made_at = time.monotonic()

    def caller(self, column: str) -> Caller:
        """Who calls, with tokens that live on for a while, however slow the machine is."""
        if time.monotonic() - self._tokens_made_at > _TOKENS_GOOD_SECONDS:
            self._tokens_made_at = time.monotonic()
            for name in ("reader", "editor", "author", "admin"):
                self._give_tokens(self.at[name])
            self.at["other"] = self._mistaken(self.at["author"])
            self.browse(self.at["other"])
        return self.at[column]

    def close(self) -> None:
        self.http.close()

    def someone(self, role: str = "editor") -> Caller:
        """Somebody new with that role, just signed in."""
        person = self.stack.people.sign_up(role.title())
        if role != "editor":
            self.operate("PATCH", f"/v1/accounts/{person.id}", json={"role": role})
            person.session = self.sign_in(person)
        return self._with_tokens(person)

    def someone_like(self, column: str) -> Caller:
        """For what its caller does not survive."""
        role = column if column in ("reader", "admin") else "editor"
        caller = self.someone(role)
        self.browse(caller)
        return caller

    def sign_in(self, person: Person) -> str:
        words = {"username": person.username, "password": person.password}
        return str(self.operate("POST", "/v1/sessions", json=words)["token"])

    def operate(self, method: str, path: str, **options: Any) -> Json:
        """A request of an operator's program, from an address of its own."""
        auth = httpx.BasicAuth(*self.key.split(":", 1))
        address = ".".join(str(1 + each % 250) for each in secrets.token_bytes(4))
        url, headers = self.users_url + path, {"X-Forwarded-For": address}
        answer = self.http.request(method, url, auth=auth, headers=headers, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return dict(answer.json()) if answer.content else {}

    def asked(self, caller: Caller, method: str, path: str, **options: Any) -> Any:
        """What somebody's session is answered by users-service; it has to be good."""
        headers = {"Authorization": f"Bearer {caller.session}"}
        answer = self.http.request(method, self.users_url + path, headers=headers, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    def new_api_token(self, caller: Caller) -> Json:
        wanted = {"name": "matrix", "scopes": ["read", "write", "realtime"]}
        return dict(self.asked(caller, "POST", "/v1/api-tokens", json=wanted))

    def in_database(self, sql: str) -> None:
        self.stack.postgres.execute(sql, database="users")

    def browse(self, caller: Caller) -> None:
        """A browser of theirs: its cookies, and what its forms carry."""
        with visitor(self.stack, caller.session or "") as browser:
            caller.csrf = form_token(browser.get("/").text)
            kept = {**browser.cookies}
        if caller.session:
            kept["notes_session"] = caller.session
        caller.cookies = "; ".join(f"{name}={value}" for name, value in kept.items())

    def _with_tokens(self, person: Person) -> Caller:
        caller = Caller(person=person, session=person.session)
        self._give_tokens(caller)
        caller.api_token = self.new_api_token(caller)["token"]
        return caller

    def _give_tokens(self, caller: Caller) -> None:
        assert caller.person is not None
        caller.access = caller.person.new_token("notes")
        caller.realtime = caller.person.new_token("realtime")

    def _mistaken(self, author: Caller) -> Caller:
        """Good tokens, each shown to a service that it was not made for."""
        return Caller(
            session=author.access,
            access=author.realtime,
            realtime=author.access,
            api_token=author.session,
        )

    def _expired(self) -> Caller:
        """Real tokens of a session that was about to end, after its end."""
        caller = self.someone()
        assert caller.person
        whose = f"account_id = '{caller.person.id}'"
        soon = "expires_at = now() + interval '5 seconds'"
        for table in ("sessions", "api_tokens"):
            self.in_database(f"UPDATE {table} SET {soon} WHERE {whose}")  # noqa: S608
        caller.access = caller.person.new_token("notes")
        caller.realtime = caller.person.new_token("realtime")
        claims = [jwt.decode(token, options={"verify_signature": False})
                  for token in (caller.access, caller.realtime)]  # fmt: skip
        time.sleep(max(each["exp"] for each in claims) + 1 - time.time())
        return caller

    def _revoked(self) -> Caller:
        """Tokens that live, of a session and an API token that do not."""
        caller = self.someone()
        assert caller.person
        for each in self.asked(caller, "GET", "/v1/api-tokens")["api_tokens"]:
            self.asked(caller, "DELETE", f"/v1/api-tokens/{each['id']}")
        self.operate("DELETE", f"/v1/accounts/{caller.person.id}/sessions")
        return caller


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status, and the code of a problem."""
    try:
        body = answer.json() if answer.content else {}
    except (json.JSONDecodeError, UnicodeDecodeError):
        body = {}
    return answer.status_code, str(body.get("code", "")) if isinstance(body, dict) else ""
