"""The JSON of notes: what is typed, what lists and pages show, what their events carry."""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BaseModel, Field

from notes_service.domain import limits
from notes_service.domain.limits import Draft
from notes_service.domain.notes import Note, NoteSummary
from notes_service.domain.versions import Origin, TypedVia
from notes_service.representations.parts import In, Json, Moment, Out, PersonOut, as_json
from notes_service.text.passages import Piece

Title = Annotated[
    str,
    Field(
        description=f"A line of 1 to {limits.TITLE_CHARACTERS} characters that shows something"
    ),
]
Body = Annotated[
    str, Field(description=f"Markdown, at most {limits.BODY_BYTES} bytes in UTF-8")
]

_LIVE: Final = ("key", "title", "html", "version", "updated_at", "changed_lines")


class NoteIn(In):
    """The text that a note shall have."""

    title: Title
    body: Body
    via: Annotated[TypedVia, Field(description="How it came to be saved; versions say so")] = (
        "api"
    )

    def origin(self) -> Origin:
        """Return how it came to be."""
        return Origin(self.via)

    def draft(self) -> Draft:
        """Return what was typed, to be checked."""
        return Draft(self.title, self.body)


class NewNoteIn(NoteIn):
    """A note that does not exist yet."""

    key: Annotated[
        str | None,
        Field(description="1 to 64 of A-Z a-z 0-9 . _ ~ -; made if it is left out"),
    ] = None


class PreviewIn(In):
    """A body to be shown."""

    body: Body


class NoteSummaryOut(Out):
    """A note as lists show it."""

    key: str
    title: str
    excerpt: str
    version: int
    comments: int
    author: PersonOut
    editor: PersonOut
    created_at: Moment
    updated_at: Moment
    changed_lines: Annotated[
        int | None,
        Field(
            description="Lines that the last save added or changed; null for a first version,"
            " and where they were not counted"
        ),
    ] = None


class LookedIn(In):
    """Which version the caller looked at."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


Looked = Annotated[
    int | None,
    Field(
        description="The version that the caller looked at last, where one was told;"
        " no part of what the ETag names"
    ),
]


class NoteOut(NoteSummaryOut):
    """A note whole; `html` is sanitised."""

    looked: Looked = None
    body: str
    html: str


class PieceOut(BaseModel):
    """A run of text; `hit` if it was looked for."""

    text: str
    hit: bool


class FoundOut(BaseModel):
    """All of the title, and the passage around the first hit of the text, empty without one."""

    title: list[PieceOut]
    passage: list[PieceOut]


class FoundSummaryOut(NoteSummaryOut):
    """A note of a list, and if it was found by `q`, where."""

    looked: Looked = None
    found: FoundOut | None = None


class NotesOut(BaseModel):
    """`found` and `total` where `q` was asked for."""

    notes: list[FoundSummaryOut]
    next: str | None
    total: Annotated[int | None, Field(description="1001 stands for more than 1000")] = None


class TitlesOut(BaseModel):
    """The notes that a few letters may mean, best first."""

    notes: list[NoteSummaryOut]


class DeletionOut(Out):
    """Who put the note into the trash, and when."""

    by: PersonOut
    at: Moment


class TrashedOut(NoteSummaryOut):
    """A note in the trash."""

    deletion: DeletionOut


class TrashOut(BaseModel):
    """A page of the trash."""

    notes: list[TrashedOut]
    next: str | None


class PreviewOut(BaseModel):
    """The body's HTML, sanitised."""

    html: str


def summary(note: NoteSummary) -> Json:
    """Return a NoteSummaryOut as JSON."""
    return as_json(NoteSummaryOut, note)


def row(note: NoteSummary) -> Json:
    """Return a note as events carry it: what was not counted is left out."""
    return _counted(summary(note))


def found(note: NoteSummary, *, title: Sequence[Piece], passage: Sequence[Piece]) -> Json:
    """Return a FoundSummaryOut as JSON: hits are marked in its title and in the passage."""
    return {**summary(note), "found": {"title": _pieces(title), "passage": _pieces(passage)}}


def looked_at(note: Json, version: int | None) -> Json:
    """Return a NoteOut or FoundSummaryOut for somebody who looked at that version of it."""
    return note if version is None else {**note, "looked": version}


def trashed(note: NoteSummary) -> Json:
    """Return a TrashedOut as JSON, of a note that lies in the trash."""
    return as_json(TrashedOut, note)


def note(whole: Note) -> Json:
    """Return a NoteOut as JSON."""
    return {**summary(whole.summary), "body": whole.body, "html": whole.html}


def live(note: NoteSummary, html: str | None) -> Json:
    """Return what an open page of the note shows, as its event carries it."""
    all_of_it = {**summary(note), "html": html}
    return _counted({name: all_of_it[name] for name in _LIVE})


def _counted(note: Json) -> Json:
    # The events of before had no such field; those that do not need it stay as they were.
    if note["changed_lines"] is None:
        del note["changed_lines"]
    return note


def _pieces(pieces: Sequence[Piece]) -> list[Json]:
    return [{"text": piece.text, "hit": piece.is_hit} for piece in pieces]
