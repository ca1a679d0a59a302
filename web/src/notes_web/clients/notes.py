"""notes-service: notes, comments, trash.

What it raises is `clients.http`'s: `Refused` or `Unreachable`.
"""

from typing import Literal
from urllib.parse import quote

from notes_web.clients.http import HttpClient
from notes_web.clients.notes_types import (
    CommentOut,
    CommentsOut,
    CommentVersionsOut,
    NoteOut,
    NotesOut,
    TitlesOut,
    TrashOut,
    VersionsOut,
    WholeVersionOut,
)


class NotesClient:
    """notes-service: notes, comments, trash. `token` is None for an anonymous reader."""

    def __init__(self, service: HttpClient) -> None:
        self._call, self.forward = service.call, service.forward

    async def page(
        self,
        token: str | None,
        *,
        q: str = "",
        cursor: str = "",
        mine: bool = False,
        sort: str = "changed",
    ) -> NotesOut:
        """Returns a page of the list, found by `q` if there is one; `mine` needs a token."""
        asked = {"q": q, "cursor": cursor, "mine": "true" if mine else "", "sort": sort}
        return await self._call("GET", "/v1/notes", token=token, params=asked)

    async def titles(self, token: str | None, q: str) -> TitlesOut:
        """Returns the notes that a few letters of a title may mean, best first."""
        return await self._call("GET", "/v1/titles", token=token, params={"q": q})

    async def read(self, token: str | None, key: str) -> NoteOut:
        """Returns a note; `Refused` with 404 or 410 if there is none."""
        return await self._call("GET", _note(key), token=token)

    async def create(
        self, token: str, *, key: str, title: str, body: str, once: str
    ) -> NoteOut:
        """Creates a note; the service makes a `key` for "". `once` is the Idempotency-Key."""
        words = {"title": title, "body": body, "via": "page"} | ({"key": key} if key else {})
        sent = {"Idempotency-Key": once}
        return await self._call("POST", "/v1/notes", token=token, json=words, headers=sent)

    async def save(
        self,
        token: str,
        key: str,
        *,
        title: str,
        body: str,
        version: int,
        once: str,
        via: Literal["page", "merge"] = "page",
    ) -> NoteOut:
        """Saves a note over `version`; `Refused`, version_conflict, if there is a newer one."""
        return await self._call(
            "PUT",
            _note(key),
            token=token,
            json={"title": title, "body": body, "via": via},
            headers=_if_match(version) | {"Idempotency-Key": once},
        )

    async def delete(self, token: str, key: str, *, version: int) -> None:
        """A repeat does nothing more: it is refused, and the refusal tells who deleted."""
        await self._call(
            "DELETE", _note(key), token=token, headers=_if_match(version), repeatable=True
        )

    async def restore(self, token: str, key: str, *, once: str) -> NoteOut:
        """Restores a note from the trash; `Refused`, note_exists, if its key is taken."""
        return await self._call(
            "POST",
            _note(key) + "/restore",
            token=token,
            headers={"Idempotency-Key": once},
        )

    async def versions(
        self, token: str | None, key: str, *, cursor: str = "", before: int = 0
    ) -> VersionsOut:
        """Returns a page of a note's versions, newest first, or those before that number."""
        asked = {"cursor": cursor, "before": before}
        return await self._call("GET", _note(key) + "/versions", token=token, params=asked)

    async def version(self, token: str | None, key: str, version: int) -> WholeVersionOut:
        """Returns a version with its text; `Refused` with 404 or 410 if there is none."""
        return await self._call("GET", f"{_note(key)}/versions/{version}", token=token)

    async def restore_version(
        self, token: str, key: str, restored: int, *, version: int, once: str
    ) -> NoteOut:
        """Saves the text of an earlier version over `version`; refused as a save is."""
        return await self._call(
            "POST",
            f"{_note(key)}/versions/{restored}/restore",
            token=token,
            headers=_if_match(version) | {"Idempotency-Key": once},
        )

    async def looked(self, token: str, key: str, version: int) -> None:
        """The caller looked at the version; a repeat, or an earlier one, does nothing more."""
        await self._call(
            "PUT", _note(key) + "/looked", token=token, json={"version": version},
            repeatable=True, is_patient=False,
        )  # fmt: skip

    async def delete_version(self, token: str, key: str, version: int) -> None:
        """Deletes the text of a version for good; a repeat does nothing more."""
        path = f"{_note(key)}/versions/{version}"
        await self._call("DELETE", path, token=token, repeatable=True)

    async def trash(self, token: str, *, cursor: str = "") -> TrashOut:
        """Returns a page of the trash."""
        asked = {"cursor": cursor}
        return await self._call("GET", "/v1/trash", token=token, params=asked)

    async def comments(self, token: str | None, key: str, *, before: str = "") -> CommentsOut:
        """Returns the newest comments, or those before the cursor `before`."""
        return await self._call(
            "GET", _note(key) + "/comments", token=token, params={"before": before}
        )

    async def comment(self, token: str, key: str, *, text: str, once: str) -> CommentOut:
        """Adds a comment. `once` is the Idempotency-Key."""
        return await self._call(
            "POST",
            _note(key) + "/comments",
            token=token,
            json={"text": text},
            headers={"Idempotency-Key": once},
        )

    async def read_comment(self, token: str, key: str, comment: int) -> CommentOut:
        """Returns a comment; `Refused`, comment_not_found, if it is not there."""
        return await self._call("GET", f"{_note(key)}/comments/{comment}", token=token)

    async def edit_comment(
        self, token: str, key: str, comment: int, *, text: str, version: int, once: str
    ) -> CommentOut:
        """Saves a comment over `version`; `Refused`, comment_conflict, if it has changed."""
        return await self._call(
            "PUT",
            f"{_note(key)}/comments/{comment}",
            token=token,
            json={"text": text},
            headers=_if_match(version) | {"Idempotency-Key": once},
        )

    async def comment_versions(self, token: str, key: str, comment: int) -> CommentVersionsOut:
        """Returns the comment's former texts, newest first."""
        path = f"{_note(key)}/comments/{comment}/versions"
        return await self._call("GET", path, token=token)

    async def restore_comment(
        self, token: str, key: str, comment: int, *, once: str
    ) -> CommentOut:
        """Brings a deleted comment back; `Refused`, comment_not_found, if it is gone."""
        return await self._call(
            "POST",
            f"{_note(key)}/comments/{comment}/restore",
            token=token,
            headers={"Idempotency-Key": once},
        )

    async def delete_comment(self, token: str, key: str, comment: int) -> None:
        """A repeat does nothing more: there is no such comment then."""
        path = f"{_note(key)}/comments/{comment}"
        await self._call("DELETE", path, token=token, repeatable=True)

    async def preview(self, token: str, body: str) -> str:
        """Returns the sanitised HTML of a Markdown text that is saved nowhere."""
        made = await self._call(
            "POST",
            "/v1/preview",
            token=token,
            json={"body": body},
            repeatable=True,
            changes=False,
        )
        return made["html"]


def _note(key: str) -> str:
    return "/v1/notes/" + quote(key, safe="")


def _if_match(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}
