"""A person in front of the edge: its pages and forms by plain HTTP, nothing behind it."""

import re
from typing import Self

import httpx

_HIDDEN = re.compile(r'<input type="hidden" name="(csrf|version|once)" value="([^"]*)"')


class Guest:
    def __init__(self, url: str, **options: str) -> None:
        """`options` are headers of every request."""
        self.url = url
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=30, headers=options)

    def send(self, path: str, form: str = "", **typed: str) -> httpx.Response:
        """A form of the page at `form`, or at `path` itself, filled in and sent."""
        page = self.http.get(form or path)
        fields = dict(_HIDDEN.findall(page.text))
        return self.http.post(path, data=fields | typed, headers={"Origin": self.url})

    def sign_up(self, username: str, password: str, **more: str) -> httpx.Response:
        return self.send("/users/signup", username=username, password=password, **more)

    def log_in(self, username: str, password: str) -> httpx.Response:
        return self.send("/users/login", username=username, password=password)

    def write(self, title: str, body: str = "") -> str:
        """A new note; returns its key."""
        made = self.send("/notes/add", key="", title=title, body=body, choice="save")
        assert made.status_code == 303, made.text
        return made.headers["location"].rpartition("/")[2]

    def save(self, key: str, title: str, body: str = "") -> None:
        saved = self.send(f"/notes/{key}/edit", title=title, body=body, choice="save")
        assert saved.status_code == 303, saved.text

    def live_token(self) -> str:
        """What a page's script connects with."""
        page = self.http.get("/").text
        shown = page.partition('name="form-token" content="')[2].partition('"')[0]
        headers = {"Origin": self.url, "X-Form-Token": shown}
        return str(self.http.post("/live/token", headers=headers).json()["token"])

    def read(self, key: str) -> str:
        page = self.http.get(f"/notes/{key}")
        assert page.status_code == 200, page.text
        return page.text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
