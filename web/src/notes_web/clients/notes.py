"""notes-service: notes, comments, trash.

What it raises is `clients.http`'s: `Refused` or `Unreachable`.
"""

from urllib.parse import quote

from notes_web.clients.http import HttpClient, Json


class NotesClient:
    """notes-service: notes, comments, trash. `token` is None for an anonymous reader."""

    def __init__(self, service: HttpClient) -> None:
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


def _note(key: str) -> str:
    return "/v1/notes/" + quote(key, safe="")


def _if_match(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}
