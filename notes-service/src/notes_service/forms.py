"""The JSON forms of rows, notes and comments, the same in answers and in events.

Times are RFC 3339, UTC, with microseconds, so that they sort as text.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from notes_service.domain import Comment, Note, NoteRow, Person
from notes_service.passages import Piece

Json = dict[str, Any]


def time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def person(someone: Person) -> Json:
    return {"id": someone.id, "name": someone.name}


def row(note: NoteRow) -> Json:
    return {
        "key": note.key,
        "title": note.title,
        "excerpt": note.excerpt,
        "version": note.version,
        "comments": note.comments,
        "author": person(note.author),
        "editor": person(note.editor),
        "created_at": time(note.created_at),
        "updated_at": time(note.updated_at),
    }


def found(note: NoteRow, *, title: Sequence[Piece], passage: Sequence[Piece]) -> Json:
    """A row, with what was looked for marked in its title and in the passage around it."""
    return {**row(note), "found": {"title": _pieces(title), "passage": _pieces(passage)}}


def _pieces(pieces: Sequence[Piece]) -> list[Json]:
    return [{"text": piece.text, "hit": piece.is_hit} for piece in pieces]


def trashed(note: NoteRow) -> Json:
    assert note.deletion is not None
    deletion = {"by": person(note.deletion.by), "at": time(note.deletion.at)}
    return {**row(note), "deletion": deletion}


def note(whole: Note) -> Json:
    return {**row(whole.row), "body": whole.body, "html": whole.html}


def comment(said: Comment) -> Json:
    return {
        "id": said.id,
        "author": person(said.author),
        "text": said.text,
        "created_at": time(said.created_at),
    }
