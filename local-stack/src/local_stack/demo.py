"""A small believable set of notes, made through the services' public HTTP interfaces.

Made once: later starts only tell the passwords again, and never touch what people changed.
A load that was cut off goes on where it stopped.
"""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local_stack.errors import Failed
from local_stack.stack import Stack

CONTENT = Path(__file__).with_name("demo.json")
_USERNAMES = (("ana", "Ana Lindqvist"), ("ben", "Ben Okafor"))
# Without n: a password that happened to contain "ana" or "ben" would be refused.
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmprstvz" for vowel in "aeiou"]


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the demonstration."""

    username: str
    name: str
    password: str


def load(stack: Stack) -> list[Account]:
    """Make the demo's accounts and notes if they are not there yet; returns the accounts."""
    book = stack.data_dir / "demo.json"
    known: dict[str, Any] = {"done": False, "passwords": {}}
    if book.exists():
        known = json.loads(book.read_text())
    accounts = [
        Account(username, name, known["passwords"].get(username) or _password())
        for username, name in _USERNAMES
    ]
    _write(book, accounts, done=known["done"])  # before they are used, so that none is lost
    if not known["done"]:
        with httpx.Client(trust_env=False, timeout=20) as client:
            _Loader(client, stack).run(accounts)
        _write(book, accounts, done=True)
    return accounts


class _Loader:
    def __init__(self, client: httpx.Client, stack: Stack) -> None:
        self._client = client
        self._users = f"{stack.services['users-service'].url}/v1"
        self._notes = f"{stack.services['notes-service'].url}/v1"
        self._signed_in: dict[str, dict[str, str]] = {}

    def run(self, accounts: list[Account]) -> None:
        for account in accounts:
            self._sign_up(account)
        for note in json.loads(CONTENT.read_text(encoding="utf-8")):
            self._write_note(note)

    def _sign_up(self, account: Account) -> None:
        person = {"username": account.username, "password": account.password}
        self._post(
            f"{self._users}/accounts", {**person, "name": account.name}, fine="username_taken"
        )
        session = self._post(f"{self._users}/sessions", person)
        bearer = {"Authorization": f"Bearer {session['token']}"}
        token = self._post(f"{self._users}/tokens", {"audience": "notes"}, headers=bearer)
        self._signed_in[account.username] = {"Authorization": f"Bearer {token['token']}"}

    def _write_note(self, note: dict[str, Any]) -> None:
        own = {"key": note["key"], "title": note["title"], "body": note["body"]}
        author = self._signed_in[note["author"]]
        self._post(f"{self._notes}/notes", own, headers=author, fine="note_exists")
        for number, comment in enumerate(note["comments"]):
            headers = self._signed_in[comment["author"]] | {
                "Idempotency-Key": f"demo-{note['key']}-{number}"
            }
            url = f"{self._notes}/notes/{note['key']}/comments"
            self._post(url, {"text": comment["text"]}, headers=headers)

    def _post(
        self,
        url: str,
        body: dict[str, Any],
        *,
        headers: dict[str, str] | None = None,
        fine: str = "",
    ) -> dict[str, Any]:
        """The answer's JSON; an error whose code is `fine` counts as done."""
        answer = self._client.post(url, json=body, headers=headers)
        text: dict[str, Any] = answer.json() if answer.content else {}
        if answer.is_error and text.get("code") != fine:
            what = f"could not be loaded ({answer.status_code} {text.get('code')})"
            raise Failed("the demo", what, str(text.get("detail", "")))
        return text


def _password() -> str:
    """Four pronounceable words, about 48 bits: easy to copy from one window to the next."""
    words = ("".join(secrets.choice(_SYLLABLES) for _ in range(2)) for _ in range(4))
    return "-".join(words)


def _write(book: Path, accounts: list[Account], *, done: bool) -> None:
    known = {"done": done, "passwords": {each.username: each.password for each in accounts}}
    fresh = book.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(known, file)
    fresh.replace(book)
