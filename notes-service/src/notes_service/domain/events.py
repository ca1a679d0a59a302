"""What can happen to notes and comments; `messages` says how open pages hear of it."""

from dataclasses import dataclass
from datetime import datetime

from notes_service.domain.notes import Comment, Note, NoteSummary, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class _Happened:
    by: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCreated(_Happened):
    """The note stands in the list now: new, or back from the trash."""

    summary: NoteSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteUpdated(_Happened):
    """The note has another title or text."""

    note: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDeleted(_Happened):
    """The note lies in the trash."""

    summary: NoteSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentCreated(_Happened):
    """The note with this key has a comment more, new or back, and `comments` in all."""

    key: str
    comment: Comment
    comments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentUpdated(_Happened):
    """A comment of the note with this key reads otherwise; there are `comments` in all."""

    key: str
    comment: Comment
    comments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentDeleted(_Happened):
    """The note with this key has a comment less, and `comments` in all."""

    key: str
    comment_id: int
    comments: int
    version: int = 1
    """What the comment was at: one that comes back is at a later one."""


Event = (
    NoteCreated | NoteUpdated | NoteDeleted | CommentCreated | CommentUpdated | CommentDeleted
)
