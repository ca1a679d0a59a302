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

from notes_service import representations
from notes_service.domain.events import (
    CommentCreated,
    CommentDeleted,
    CommentUpdated,
    Event,
    NoteCreated,
    NoteDeleted,
    NoteUpdated,
)

HOME: Final = "home"
HTML_BYTES: Final = 64 * 1024
"""More HTML than this stays out of the event; a page that needs it fetches the note."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event for one channel: `payload` is the publication's data, compact JSON."""

    channel: str
    payload: str


def encode(event: Event, new_id: Callable[[], UUID]) -> list[Message]:
    """Return the messages that announce the event, one for each channel that hears of it."""

    def message(channel: str, type_: str, **about: object) -> Message:
        data = {
            "v": 1,
            "type": type_,
            "id": str(new_id()),
            "at": representations.time(event.at),
            "by": representations.person(event.by),
            **about,
        }
        return Message(channel, json.dumps(data, ensure_ascii=False, separators=(",", ":")))

    match event:
        case NoteCreated(summary=summary):
            return [message(HOME, "note.created", note=representations.row(summary))]
        case NoteUpdated(note=note):
            html = note.html if len(note.html.encode()) <= HTML_BYTES else None
            live = representations.live(note.summary, html)
            return [
                message(HOME, "note.updated", note=representations.row(note.summary)),
                message(_channel(note.summary.key), "note.updated", note=live),
            ]
        case NoteDeleted(summary=summary):
            gone = {"key": summary.key, "title": summary.title, "version": summary.version}
            return [
                message(HOME, "note.deleted", note=gone),
                message(_channel(summary.key), "note.deleted", note=gone),
            ]
        case CommentCreated(key=key, comment=comment, comments=comments):
            about = {"comment": representations.comment(comment), "comments": comments}
            return [
                message(HOME, "note.discussed", note={"key": key, "comments": comments}),
                message(_channel(key), "comment.created", **about),
            ]
        case CommentUpdated(key=key, comment=comment, comments=comments):
            about = {
                "comment": representations.comment(comment),
                "comments": comments,
            }
            return [message(_channel(key), "comment.updated", **about)]
        case CommentDeleted(key=key, comment_id=comment_id, comments=comments, version=at):
            gone = {"id": comment_id, "version": at} if at > 1 else {"id": comment_id}
            return [
                message(HOME, "note.discussed", note={"key": key, "comments": comments}),
                message(_channel(key), "comment.deleted", comment=gone, comments=comments),
            ]


def _channel(key: str) -> str:
    return f"notes:{key}"
