"""The subcommands of `notes-users` that administer accounts over /v1, with the same API key."""

import argparse
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx

_ROLES = ("reader", "editor", "admin")
AddCommand = Callable[..., argparse.ArgumentParser]


class NoSuchAccount(Exception):
    """The service knows no account of this name, or does not say."""


def add_commands(add: AddCommand) -> None:
    """Add the subcommands; `add(name, about, username=bool)` returns a parser for each."""
    accounts = add("accounts", "search accounts, with roles and sessions", username=False)
    accounts.add_argument("--search", help="in usernames, names and e-mail addresses")
    accounts.add_argument("--role", choices=_ROLES)
    accounts.add_argument("--disabled", action="store_true", default=None)
    add("disable", "end an account's sessions and let it in no more")
    add("enable", "let a disabled account in again")
    add("role", "make somebody reader, editor or administrator").add_argument(
        "role", choices=_ROLES
    )
    add("reset-link", "make a one-time token that sets a new password")
    add("sign-in-link", "make a link that signs in once, for who has no other way in")
    add("end-sessions", "sign somebody out everywhere")
    add("invitations", "show the open invitations", username=False)
    revoke = add("revoke-invitation", "make an invitation worthless", username=False)
    revoke.add_argument("id")
    audit = add("audit", "show the newest lines of the audit log", username=False)
    audit.add_argument("--event", help="only of this kind")
    audit.add_argument("--limit", type=int, default=50, help="1 to 200 (default: 50)")


def run(client: httpx.Client, arguments: argparse.Namespace) -> httpx.Response:
    """Send the request of a subcommand and return the answer; raise NoSuchAccount."""
    match arguments.command:
        case "accounts":
            return client.get("/v1/accounts", params=_search(arguments))
        case "disable" | "enable":
            change = {"disabled": arguments.command == "disable"}
            return client.patch(_account(client, arguments.username), json=change)
        case "role":
            change = {"role": arguments.role}
            return client.patch(_account(client, arguments.username), json=change)
        case "reset-link":
            return client.post(_account(client, arguments.username) + "/reset-link")
        case "sign-in-link":
            return client.post(_account(client, arguments.username) + "/sign-in-link")
        case "end-sessions":
            return client.delete(_account(client, arguments.username) + "/sessions")
        case "invitations":
            return client.get("/v1/invitations")
        case "revoke-invitation":
            return client.delete(f"/v1/invitations/{quote(arguments.id, safe='')}")
        case _:
            asked = {"event": arguments.event, "limit": arguments.limit}
            return client.get("/v1/audit", params=_said(asked))


def _search(arguments: argparse.Namespace) -> dict[str, Any]:
    asked = {"q": arguments.search, "role": arguments.role, "disabled": arguments.disabled}
    return {"limit": 200, **_said(asked)}


def _said(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value is not None}


def _account(client: httpx.Client, username: str) -> str:
    answer = client.get("/v1/accounts", params={"username": username})
    if not answer.is_success:
        raise NoSuchAccount(f"the service answered {answer.status_code}")
    found = answer.json()["accounts"]
    if not found:
        raise NoSuchAccount(f"there is no account {username}")
    return f"/v1/accounts/{found[0]['id']}"
