"""People who use Notes by its services' HTTP interfaces: quick to make, for what tests need.

Every person comes from an address of their own, so that sign-up limits never meet them.
"""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
from local_stack.stack import Stack

Json = dict[str, Any]

_TOKEN_GOOD_SECONDS = 240.0  # of the 300 that it lives


class SaveRefused(Exception):
    """The service answered with an error; `status` and `code` are its words."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        is_problem = "problem+json" in response.headers.get("Content-Type", "")
        self.facts: Json = response.json() if is_problem else {}
        self.code: str = self.facts.get("code", "")
        super().__init__(f"{self.status} {self.code} {response.text[:300]}")


@dataclass
class Person:
    """Somebody signed in. Requests go straight to the services, past web and edge."""

    id: str
    name: str
    username: str
    password: str
    session: str
    users_url: str
    notes_url: str
    http: httpx.Client = field(repr=False)
    _token: tuple[str, float] = ("", float("-inf"))

    @property
    def token(self) -> str:
        token, made_at = self._token
        if time.monotonic() - made_at > _TOKEN_GOOD_SECONDS:
            token = self.new_token("notes")
            self._token = token, time.monotonic()
        return token

    def new_token(self, audience: str) -> str:
        answer = self.http.post(
            f"{self.users_url}/v1/tokens",
            json={"audience": audience},
            headers={"Authorization": f"Bearer {self.session}"},
        )
        return str(_checked(answer)["token"])

    def create(self, title: str, body: str = "", *, key: str | None = None) -> Json:
        words = {"title": title, "body": body} | ({"key": key} if key else {})
        return self._call("POST", "", json=words)

    def read(self, key: str) -> Json:
        return self._call("GET", f"/{key}")

    def save(self, key: str, *, version: int, title: str, body: str = "") -> Json:
        words = {"title": title, "body": body}
        return self._call("PUT", f"/{key}", json=words, headers=_if_match(version))

    def delete(self, key: str, *, version: int) -> None:
        self._call("DELETE", f"/{key}", headers=_if_match(version))

    def restore(self, key: str) -> Json:
        return self._call("POST", f"/{key}/restore")

    def versions(self, key: str) -> list[Json]:
        found: list[Json] = self._call("GET", f"/{key}/versions?limit=100")["versions"]
        return found

    def version(self, key: str, version: int) -> Json:
        return self._call("GET", f"/{key}/versions/{version}")

    def comment(self, key: str, text: str) -> Json:
        return self._call("POST", f"/{key}/comments", json={"text": text})

    def delete_comment(self, key: str, comment: int) -> None:
        self._call("DELETE", f"/{key}/comments/{comment}")

    def comments(self, key: str) -> list[Json]:
        found: list[Json] = self._call("GET", f"/{key}/comments?limit=100")["comments"]
        return found

    def all_notes(self) -> list[Json]:
        """Every row of the list, newest change first."""
        rows: list[Json] = []
        cursor: str | None = ""
        while cursor is not None:
            after = {"cursor": cursor} if cursor else {}
            page = self._call("GET", "", params={"limit": 100} | after)
            rows += page["notes"]
            cursor = page["next"]
        return rows

    def _call(self, method: str, path: str, **how: Any) -> Json:
        headers = {"Authorization": f"Bearer {self.token}"} | how.pop("headers", {})
        answer = self.http.request(
            method, f"{self.notes_url}/v1/notes{path}", headers=headers, **how
        )
        return _checked(answer)


class People:
    """Makes people on one stack; used as a context, at whose end their connections close."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._http = httpx.Client(trust_env=False, timeout=30)

    def sign_up(self, name: str = "Ana", *, username: str | None = None) -> Person:
        """A new person with an account and a session, as the sign-up page makes them."""
        username = username or f"person-{secrets.token_hex(5)}"
        password = f"{secrets.token_urlsafe(12)} apples"
        users_url = self._stack.services["users-service"].url
        words = {"username": username, "password": password}
        # With the API key the service believes the address that we say.
        ours: dict[str, Any] = {
            "auth": httpx.BasicAuth(*self._stack.environment.users_api_key.split(":", 1)),
            "headers": {"X-Forwarded-For": ".".join(map(str, secrets.token_bytes(4)))},
        }
        _checked(
            self._http.post(f"{users_url}/v1/accounts", json=words | {"name": name}, **ours)
        )
        made = _checked(self._http.post(f"{users_url}/v1/sessions", json=words, **ours))
        return Person(
            id=made["account"]["id"],
            name=made["account"]["name"],
            username=username,
            password=password,
            session=made["token"],
            users_url=users_url,
            notes_url=self._stack.services["notes-service"].url,
            http=self._http,
        )

    def administrator(self, name: str = "Ada") -> Person:
        """Somebody whom an operator made an administrator."""
        ada = self.sign_up(name)
        key = httpx.BasicAuth(*self._stack.environment.users_api_key.split(":", 1))
        account = f"{ada.users_url}/v1/accounts/{ada.id}"
        _checked(self._http.patch(account, json={"role": "admin"}, auth=key))
        words = {"username": ada.username, "password": ada.password}
        made = _checked(self._http.post(f"{ada.users_url}/v1/sessions", json=words, auth=key))
        ada.session = made["token"]
        return ada

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()


def _if_match(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


def _checked(answer: httpx.Response) -> Json:
    if answer.status_code >= 400:
        raise SaveRefused(answer)
    found: Json = answer.json() if answer.content else {}
    return found
