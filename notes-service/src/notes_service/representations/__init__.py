"""The JSON of this service: of requests, of answers, and in events.

Each class says what an object holds: to pydantic, which checks requests and makes answers by
it, and to OpenAPI. Times are RFC 3339, UTC, with microseconds, so that they sort as text.
"""

from notes_service.representations.comments import (
    CommentIn,
    CommentOut,
    CommentsOut,
    CommentVersionsOut,
    comment,
    comment_versions,
)
from notes_service.representations.notes import (
    DeletionOut,
    FoundOut,
    FoundSummaryOut,
    LookedIn,
    NewNoteIn,
    NoteIn,
    NoteOut,
    NotesOut,
    NoteSummaryOut,
    PieceOut,
    PreviewIn,
    PreviewOut,
    TitlesOut,
    TrashedOut,
    TrashOut,
    found,
    live,
    looked_at,
    note,
    row,
    summary,
    trashed,
)
from notes_service.representations.parts import Json, PersonOut, person, time
from notes_service.representations.problems import ProblemOut, json_schema_of_problem
from notes_service.representations.versions import (
    VersionOut,
    VersionsOut,
    WholeVersionOut,
    version,
    whole_version,
)

__all__ = [
    "CommentIn",
    "CommentOut",
    "CommentVersionsOut",
    "CommentsOut",
    "DeletionOut",
    "FoundOut",
    "FoundSummaryOut",
    "Json",
    "LookedIn",
    "NewNoteIn",
    "NoteIn",
    "NoteOut",
    "NoteSummaryOut",
    "NotesOut",
    "PersonOut",
    "PieceOut",
    "PreviewIn",
    "PreviewOut",
    "ProblemOut",
    "TitlesOut",
    "TrashOut",
    "TrashedOut",
    "VersionOut",
    "VersionsOut",
    "WholeVersionOut",
    "comment",
    "comment_versions",
    "found",
    "json_schema_of_problem",
    "live",
    "looked_at",
    "note",
    "person",
    "row",
    "summary",
    "time",
    "trashed",
    "version",
    "whole_version",
]
