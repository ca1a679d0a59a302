"""Between a table's row and the domain's records."""

from typing import Any, Final

from sqlalchemy import Row, or_

from notes_service.domain import Comment, Deletion, Note, NoteRow, Person
from notes_service.tables import RULES, comments, notes

# Without body and html: lists do not read what they do not show.
_LARGE: Final = frozenset({"body", "html", "words", "lexemes", "found_title", "found_text"})
ROW: Final = [column for column in notes.c if column.name not in _LARGE]
IS_STALE: Final = or_(notes.c.renderer < RULES, notes.c.derived_from != notes.c.version)
NOTE: Final = [*ROW, notes.c.body, notes.c.html, IS_STALE.label("is_stale")]
COMMENT: Final = [column for column in comments.c if column.name != "note_id"]


def note_row(found: Row[Any]) -> NoteRow:
    return NoteRow(
        id=found.id,
        key=found.key,
        title=found.title,
        excerpt=found.excerpt,
        version=found.version,
        comments=found.comments,
        author=Person(found.author_id, found.author_name),
        editor=Person(found.editor_id, found.editor_name),
        created_at=found.created_at,
        updated_at=found.updated_at,
        deletion=_deletion(found),
    )


def note(found: Row[Any]) -> Note:
    return Note(note_row(found), found.body, found.html, is_stale=found.is_stale)


def comment(found: Row[Any]) -> Comment:
    return Comment(
        id=found.id,
        author=Person(found.author_id, found.author_name),
        text=found.text,
        created_at=found.created_at,
    )


def values(row: NoteRow) -> dict[str, Any]:
    """The row's columns, except its id and its number of comments."""
    deletion = row.deletion
    return {
        "key": row.key,
        "title": row.title,
        "excerpt": row.excerpt,
        "version": row.version,
        "author_id": row.author.id,
        "author_name": row.author.name,
        "editor_id": row.editor.id,
        "editor_name": row.editor.name,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "deleted_at": deletion.at if deletion else None,
        "deleter_id": deletion.by.id if deletion else None,
        "deleter_name": deletion.by.name if deletion else None,
    }


def _deletion(found: Row[Any]) -> Deletion | None:
    if found.deleted_at is None:
        return None
    return Deletion(Person(found.deleter_id, found.deleter_name), found.deleted_at)
