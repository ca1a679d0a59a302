# Made by datamodel-codegen from contracts/http/; do not edit.

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict


class CommentIn(TypedDict):
    """What the caller says to a note."""

    text: str


class CommentVersionOut(TypedDict):
    """A former text of a comment, and when it was written."""

    version: int
    text: str
    at: str


class CommentVersionsOut(TypedDict):
    """The former texts of a comment, newest first, at most a hundred."""

    versions: list[CommentVersionOut]


class LookedIn(TypedDict):
    """Which version the caller looked at."""

    version: int


class NewNoteIn(TypedDict):
    """A note that does not exist yet."""

    title: str
    body: str
    via: NotRequired[Literal["page", "autosave", "api", "import", "merge"]]
    key: NotRequired[str | None]


class NoteIn(TypedDict):
    """The text that a note shall have."""

    title: str
    body: str
    via: NotRequired[Literal["page", "autosave", "api", "import", "merge"]]


Order: TypeAlias = Literal["changed", "created", "title"]


class PersonOut(TypedDict):
    """Somebody, under the name that they had when they acted."""

    id: str
    name: str


class PieceOut(TypedDict):
    """A run of text; `hit` if it was looked for."""

    text: str
    hit: bool


class PreviewIn(TypedDict):
    """A body to be shown."""

    body: str


class PreviewOut(TypedDict):
    """The body's HTML, sanitised."""

    html: str


class VersionOut(TypedDict):
    """A version as the history lists it."""

    version: int
    title: str
    by: PersonOut
    at: str
    via: Literal["page", "autosave", "api", "import", "merge", "restore"]
    restored_from: int | None
    changed_lines: int | None
    deleted: bool


class VersionsOut(TypedDict):
    """A part of a note's versions, newest first; `next` is the cursor of those before."""

    versions: list[VersionOut]
    next: str | None


class WholeVersionOut(TypedDict):
    """A version with its text."""

    version: int
    title: str
    by: PersonOut
    at: str
    via: Literal["page", "autosave", "api", "import", "merge", "restore"]
    restored_from: int | None
    changed_lines: int | None
    deleted: bool
    body: str


class CommentOut(TypedDict):
    """
    A comment: `text` as it was typed, and `html`, what is shown of it, sanitised.

    `html` is phrasing content whose line breaks are LF; left out where it is not made yet.
    """

    id: int
    author: PersonOut
    text: str
    html: NotRequired[str | None]
    created_at: str
    version: NotRequired[int]
    edited_at: NotRequired[str | None]


class CommentsOut(TypedDict):
    """A part of a note's comments; `earlier` is the cursor of those before."""

    comments: list[CommentOut]
    earlier: str | None
    total: int


class DeletionOut(TypedDict):
    """Who put the note into the trash, and when."""

    by: PersonOut
    at: str


class FoundOut(TypedDict):
    """All of the title, and the passage around the first hit of the text, empty without one."""

    title: list[PieceOut]
    passage: list[PieceOut]


class FoundSummaryOut(TypedDict):
    """A note of a list, and if it was found by `q`, where."""

    key: str
    title: str
    excerpt: str
    version: int
    comments: int
    author: PersonOut
    editor: PersonOut
    created_at: str
    updated_at: str
    changed_lines: NotRequired[int | None]
    looked: NotRequired[int | None]
    found: NotRequired[FoundOut | None]


class NoteOut(TypedDict):
    """A note whole; `html` is sanitised."""

    key: str
    title: str
    excerpt: str
    version: int
    comments: int
    author: PersonOut
    editor: PersonOut
    created_at: str
    updated_at: str
    changed_lines: NotRequired[int | None]
    looked: NotRequired[int | None]
    body: str
    html: str


class NoteSummaryOut(TypedDict):
    """A note as lists show it."""

    key: str
    title: str
    excerpt: str
    version: int
    comments: int
    author: PersonOut
    editor: PersonOut
    created_at: str
    updated_at: str
    changed_lines: NotRequired[int | None]


class NotesOut(TypedDict):
    """`found` and `total` where `q` was asked for."""

    notes: list[FoundSummaryOut]
    next: str | None
    total: NotRequired[int | None]


class TitlesOut(TypedDict):
    """The notes that a few letters may mean, best first."""

    notes: list[NoteSummaryOut]


class TrashedOut(TypedDict):
    """A note in the trash."""

    key: str
    title: str
    excerpt: str
    version: int
    comments: int
    author: PersonOut
    editor: PersonOut
    created_at: str
    updated_at: str
    changed_lines: NotRequired[int | None]
    deletion: DeletionOut


class ProblemOut(TypedDict):
    """RFC 9457. Switch on `code`; other members depend on it."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    current: NotRequired[NoteOut | None]


class TrashOut(TypedDict):
    """A page of the trash."""

    notes: list[TrashedOut]
    next: str | None
