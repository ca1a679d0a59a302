"""The three services behind the pages, each as a small client.

What they raise is `web.service`'s: `Refused` or `Unreachable`.
"""

import base64
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from web.service import BackendError, Json, Service, Unreachable

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a channel has come; what a page subscribes from."""

    offset: int
    epoch: str


@dataclass(frozen=True, slots=True)
class Client:
    """The address of a browser, for rate limits and audit lines at users-service."""

    address: str
    user_agent: str


class Notes:
    """notes-service: notes, comments, trash. `token` is None for an anonymous reader."""

    def __init__(self, service: Service) -> None:
        self._call, self.forward = service.call, service.forward

    async def page(
        self, token: str | None, *, q: str = "", cursor: str = "", mine: bool = False
    ) -> Json:
        asked = {"q": q, "cursor": cursor, "mine": "true" if mine else ""}
        found: Json = await self._call("GET", "/v1/notes", token=token, params=asked)
        return found

    async def read(self, token: str | None, key: str) -> Json:
        note: Json = await self._call("GET", _note(key), token=token)
        return note

    async def create(self, token: str, *, key: str, title: str, body: str, once: str) -> Json:
        words = {"title": title, "body": body} | ({"key": key} if key else {})
        sent = {"Idempotency-Key": once}
        note: Json = await self._call(
            "POST", "/v1/notes", token=token, json=words, headers=sent
        )
        return note

    async def save(
        self, token: str, key: str, *, title: str, body: str, version: int, once: str
    ) -> Json:
        note: Json = await self._call(
            "PUT",
            _note(key),
            token=token,
            json={"title": title, "body": body},
            headers=_if_match(version) | {"Idempotency-Key": once},
        )
        return note

    async def delete(self, token: str, key: str, *, version: int) -> None:
        """A repeat does nothing more: it is refused, and the refusal tells who deleted."""
        await self._call(
            "DELETE", _note(key), token=token, headers=_if_match(version), repeatable=True
        )

    async def restore(self, token: str, key: str, *, once: str) -> Json:
        note: Json = await self._call(
            "POST",
            _note(key) + "/restore",
            token=token,
            headers={"Idempotency-Key": once},
        )
        return note

    async def trash(self, token: str, *, cursor: str = "") -> Json:
        asked = {"cursor": cursor}
        found: Json = await self._call("GET", "/v1/trash", token=token, params=asked)
        return found

    async def comments(self, token: str | None, key: str, *, before: str = "") -> Json:
        found: Json = await self._call(
            "GET", _note(key) + "/comments", token=token, params={"before": before}
        )
        return found

    async def comment(self, token: str, key: str, *, text: str, once: str) -> Json:
        made: Json = await self._call(
            "POST",
            _note(key) + "/comments",
            token=token,
            json={"text": text},
            headers={"Idempotency-Key": once},
        )
        return made

    async def delete_comment(self, token: str, key: str, comment: int) -> None:
        """A repeat does nothing more: there is no such comment then."""
        path = f"{_note(key)}/comments/{comment}"
        await self._call("DELETE", path, token=token, repeatable=True)

    async def preview(self, token: str, body: str) -> str:
        made = await self._call(
            "POST",
            "/v1/preview",
            token=token,
            json={"body": body},
            repeatable=True,
            changes=False,
        )
        html: str = made["html"]
        return html


class Users:
    """users-service: accounts, browser sessions, access tokens.

    The API key ("name:secret") goes along only where it makes the browser's address believed.
    """

    def __init__(self, service: Service, *, api_key: str) -> None:
        self._call = service.call
        self._key = "Basic " + base64.b64encode(api_key.encode()).decode()

    async def open_session(self, client: Client, username: str, password: str) -> Json:
        made: Json = await self._call(
            "POST",
            "/v1/sessions",
            json={"username": username, "password": password},
            headers=self._on_behalf_of(client),
            changes=False,  # nobody holds what was begun
        )
        return made

    async def take_second_step(self, client: Client, step: str, code: str) -> Json:
        made: Json = await self._call(
            "POST",
            "/v1/sessions/second-factor",
            json={"token": step, "code": code},
            headers=self._on_behalf_of(client),
        )
        return made

    async def ways_in(self) -> Json:
        """`passwords` and `passkeys`, on or off, and `providers`."""
        found: Json = await self._call("GET", "/v1/sign-in")
        return found

    async def passkey_options(self, client: Client) -> Json:
        begun: Json = await self._call(
            "POST",
            "/v1/passkeys/options",
            headers=self._on_behalf_of(client),
            changes=False,
        )
        return begun

    async def depart(
        self, client: Client, provider: str, home: str, *, invite: str = ""
    ) -> Json:
        """Where to sign in elsewhere, and the flow that this browser comes back with."""
        begun: Json = await self._call(
            "POST",
            f"/v1/sign-in/{quote(provider, safe='')}",
            json={"redirect_uri": home} | ({"invite": invite} if invite else {}),
            headers=self._on_behalf_of(client),
        )
        return begun

    async def come_back(
        self, client: Client, provider: str, brought: Mapping[str, str]
    ) -> Json:
        made: Json = await self._call(
            "POST",
            f"/v1/sign-in/{quote(provider, safe='')}/callback",
            json=dict(brought),
            headers=self._on_behalf_of(client),
        )
        return made

    async def open_by_link(self, client: Client, token: str) -> Json:
        """A new session, or `second_factor` as from a password."""
        made: Json = await self._call(
            "POST",
            "/v1/sessions/link",
            json={"token": token},
            headers=self._on_behalf_of(client),
        )
        return made

    async def open_by_passkey(self, client: Client, proof: Mapping[str, Any]) -> Json:
        """`proof` has flow and credential, and a token where it is the second step."""
        step = "second-factor" if "token" in proof else "passkey"
        made: Json = await self._call(
            "POST",
            f"/v1/sessions/{step}",
            json=dict(proof),
            headers=self._on_behalf_of(client),
        )
        return made

    async def token(
        self, session: str, audience: str = "notes", *, is_patient: bool = True
    ) -> Json:
        made: Json = await self._call(
            "POST",
            "/v1/tokens",
            token=session,
            json={"audience": audience},
            repeatable=True,
            changes=False,
            is_patient=is_patient,
        )
        return made

    async def sign_up_mode(self) -> Json:
        mode: Json = await self._call("GET", "/v1/sign-up")
        return mode

    async def create_account(self, client: Client, wanted: Mapping[str, str]) -> Json:
        made: Json = await self._call(
            "POST",
            "/v1/accounts",
            json={name: value for name, value in wanted.items() if value},
            headers=self._on_behalf_of(client),
        )
        return made

    async def reset_password(self, client: Client, token: str, password: str) -> None:
        await self._call(
            "POST",
            "/v1/password-resets",
            json={"token": token, "password": password},
            headers=self._on_behalf_of(client),
        )

    def _on_behalf_of(self, client: Client) -> dict[str, str]:
        return {
            "Authorization": self._key,
            "X-Forwarded-For": client.address,
            "X-Forwarded-User-Agent": client.user_agent[:256],
        }


class Gateway:
    """realtime-gateway, only asked where a channel stands and who is in it."""

    def __init__(self, service: Service) -> None:
        self._call = service.call

    async def position(self, channel: str) -> Position | None:
        """None when it cannot be told in time: pages do not wait for liveness."""
        asked = {"channel": channel, "limit": 0}
        try:
            answer = await self._call(
                "POST", "/api/history", json=asked, is_patient=False, changes=False
            )
            result = answer["result"]
            return Position(int(result.get("offset", 0)), str(result.get("epoch", "")))
        except (BackendError, KeyError, TypeError, ValueError) as error:
            log.info("position of %s unknown: %s", channel.partition(":")[0], error)
            return None

    async def present(self, channel: str) -> list[Json]:
        """What is known of each client in the channel: `user`, and `conn_info` of the token."""
        answer = await self._call(
            "POST", "/api/presence", json={"channel": channel}, is_patient=False, changes=False
        )
        try:
            return list(answer["result"]["presence"].values())
        except (KeyError, TypeError, AttributeError) as error:
            raise Unreachable("realtime-gateway", "no presence") from error


def _note(key: str) -> str:
    return "/v1/notes/" + quote(key, safe="")


def _if_match(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}
