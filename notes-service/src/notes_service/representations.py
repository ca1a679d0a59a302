"""The JSON of this service: of requests, of answers, and of notes in events.

Each class says what an object holds: to pydantic, which checks requests and makes answers by
it, and to OpenAPI. Times are RFC 3339, UTC, with microseconds, so that they sort as text.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from notes_service.domain import limits, notes
from notes_service.domain.limits import Draft
from notes_service.domain.notes import Note, NoteSummary
from notes_service.text.passages import Piece

Json = dict[str, Any]


def time(moment: datetime) -> str:
    """Return the time in RFC 3339, as in all answers and events."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


Moment = Annotated[
    AwareDatetime,
    PlainSerializer(time),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Title = Annotated[
    str,
    Field(
        description=f"A line of 1 to {limits.TITLE_CHARACTERS} characters that shows something"
    ),
]
Body = Annotated[
    str, Field(description=f"Markdown, at most {limits.BODY_BYTES} bytes in UTF-8")
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class NoteIn(_In):
    """The text that a note shall have."""

    title: Title
    body: Body

    def draft(self) -> Draft:
        """Return what was typed, to be checked."""
        return Draft(self.title, self.body)


class NewNoteIn(NoteIn):
    """A note that does not exist yet."""

    key: Annotated[
        str | None,
        Field(description="1 to 64 of A-Z a-z 0-9 . _ ~ -; made if it is left out"),
    ] = None


class PreviewIn(_In):
    """A body to be shown."""

    body: Body


class PersonOut(_Out):
    """Somebody, under the name that they had when they acted."""

    id: str
    name: str


class NoteSummaryOut(_Out):
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


class NoteOut(NoteSummaryOut):
    """A note whole; `html` is sanitised."""

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

    found: FoundOut | None = None


class NotesOut(BaseModel):
    """`found` and `total` where `q` was asked for."""

    notes: list[FoundSummaryOut]
    next: str | None
    total: Annotated[int | None, Field(description="1001 stands for more than 1000")] = None


class TitlesOut(BaseModel):
    """The notes that a few letters may mean, best first."""

    notes: list[NoteSummaryOut]


class DeletionOut(_Out):
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


class ProblemOut(BaseModel):
    """RFC 9457. Switch on `code`; other members depend on it."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    current: NoteOut | None = None


def json_schema_of_problem() -> Json:
    """Return what OpenAPI says of an error, with references to its components."""
    return ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")


def person(someone: notes.Person) -> Json:
    """Return a PersonOut as JSON."""
    return _json(PersonOut, someone)


def summary(note: NoteSummary) -> Json:
    """Return a NoteSummaryOut as JSON."""
    return _json(NoteSummaryOut, note)


def found(note: NoteSummary, *, title: Sequence[Piece], passage: Sequence[Piece]) -> Json:
    """Return a FoundSummaryOut as JSON: hits are marked in its title and in the passage."""
    return {**summary(note), "found": {"title": _pieces(title), "passage": _pieces(passage)}}


def trashed(note: NoteSummary) -> Json:
    """Return a TrashedOut as JSON, of a note that lies in the trash."""
    return _json(TrashedOut, note)


def note(whole: Note) -> Json:
    """Return a NoteOut as JSON."""
    return {**summary(whole.summary), "body": whole.body, "html": whole.html}


def live(note: NoteSummary, html: str | None) -> Json:
    """Return what an open page of the note shows, as its event carries it."""
    all_of_it = {**summary(note), "html": html}
    return {name: all_of_it[name] for name in ("key", "title", "html", "version", "updated_at")}


def _json(kind: type[_Out], thing: object) -> Json:
    return kind.model_validate(thing).model_dump(mode="json")


def _pieces(pieces: Sequence[Piece]) -> list[Json]:
    return [{"text": piece.text, "hit": piece.is_hit} for piece in pieces]
