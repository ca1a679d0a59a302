"""The wire form of events: which channels hear of a change, and what they hear.

The contract is contracts/home.v1.schema.json and note.v1.schema.json; tests hold every message
that this module makes against their golden examples. One change makes a message for each
channel, each with an id of its own.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from notes_service import forms
from notes_service.domain import (
    CommentCreated,
    CommentDeleted,
    Event,
    NoteCreated,
    NoteDeleted,
    NoteUpdated,
)
from notes_service.forms import Json

HOME: Final = "home"
HTML_BYTES: Final = 64 * 1024
"""More HTML than this stays out of the event; who needs it fetches the note."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event for one channel: `payload` is the publication's data, compact JSON."""

    channel: str
    payload: str


def encode(event: Event, new_id: Callable[[], UUID]) -> list[Message]:
    def message(channel: str, type_: str, **about: object) -> Message:
        data = {
            "v": 1,
            "type": type_,
            "id": str(new_id()),
            "at": forms.time(event.at),
            "by": forms.person(event.by),
            **about,
        }
        return Message(channel, json.dumps(data, ensure_ascii=False, separators=(",", ":")))

    match event:
        case NoteCreated(row=row):
            return [message(HOME, "note.created", note=forms.row(row))]
        case NoteUpdated(note=note):
            return [
                message(HOME, "note.updated", note=forms.row(note.row)),
                message(_channel(note.row.key), "note.updated", note=_shown(event)),
            ]
        case NoteDeleted(row=row):
            gone = {"key": row.key, "title": row.title, "version": row.version}
            return [
                message(HOME, "note.deleted", note=gone),
                message(_channel(row.key), "note.deleted", note=gone),
            ]
        case CommentCreated(key=key, comment=comment, comments=comments):
            said = {"comment": forms.comment(comment), "comments": comments}
            return [
                message(HOME, "note.discussed", note={"key": key, "comments": comments}),
                message(_channel(key), "comment.created", **said),
            ]
        case CommentDeleted(key=key, comment_id=comment_id, comments=comments):
            gone = {"id": comment_id}
            return [
                message(HOME, "note.discussed", note={"key": key, "comments": comments}),
                message(_channel(key), "comment.deleted", comment=gone, comments=comments),
            ]


def _channel(key: str) -> str:
    return f"notes:{key}"


def _shown(event: NoteUpdated) -> Json:
    row, html = event.note.row, event.note.html
    return {
        "key": row.key,
        "title": row.title,
        "html": html if len(html.encode()) <= HTML_BYTES else None,
        "version": row.version,
        "updated_at": forms.time(row.updated_at),
    }
