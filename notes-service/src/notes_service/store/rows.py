"""Between a table's row and the domain's records, and which rows are meant.

Columns have the names of the records' fields; a person is two columns, `…_id` and `…_name`. So
a field that is a column needs no line here.
"""

from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, bindparam, or_, true

from notes_service.domain.notes import (
    Caller,
    Comment,
    Deletion,
    Note,
    NoteSummary,
    Person,
    Source,
)
from notes_service.tables import RULES, comments, notes

# Without body and html: lists do not read what they do not show.
_LARGE: Final = frozenset({"body", "html", "words", "lexemes", "found_title", "found_text"})
SUMMARY: Final = [column for column in notes.c if column.name not in _LARGE]
IS_LIVE: Final = notes.c.deleted_at.is_(None)
IS_IN_TRASH: Final = notes.c.deleted_at.is_not(None)
IS_STALE: Final = or_(notes.c.renderer < RULES, notes.c.derived_from != notes.c.version)
SOURCE: Final = [*SUMMARY, notes.c.body]
NOTE: Final = [*SUMMARY, notes.c.body, notes.c.html, IS_STALE.label("is_stale")]
COMMENT: Final = [column for column in comments.c if column.name not in ("note_id", "renderer")]

_PEOPLE: Final = frozenset({"author", "editor", "deletion"})
_PLAIN: Final = [each.name for each in fields(NoteSummary) if each.name not in _PEOPLE]
_plain: Final = attrgetter(*_PLAIN)
_SAVED: Final = [name for name in _PLAIN if name not in ("id", "comments")]
_SET_ONCE: Final = frozenset({"key", "author_id", "author_name", "created_at"})
NEW: Final = [*_SAVED, "author_id", "author_name", "editor_id", "editor_name"]
"""The columns of a new note, in `values`."""
EDITED: Final = [name for name in NEW if name not in _SET_ONCE]
"""The columns that a save of another text may change."""


def bindings(*names: str) -> dict[str, Any]:
    """Return these columns, each with a parameter `new_<name>`."""
    return {name: bindparam(f"new_{name}") for name in names}


def is_restorable_by(caller: Caller) -> ColumnElement[bool]:
    """`rules.may_restore` as a condition, so that pages can be cut in the database."""
    if caller.is_admin:
        return true()
    return or_(notes.c.author_id == caller.person.id, notes.c.deleter_id == caller.person.id)


def summary(found: Row[Any]) -> NoteSummary:
    """Return the note of a row with the columns SUMMARY."""
    return NoteSummary(
        **dict(zip(_PLAIN, _plain(found), strict=True)),
        author=Person(found.author_id, found.author_name),
        editor=Person(found.editor_id, found.editor_name),
        deletion=_deletion(found),
    )


def source(found: Row[Any]) -> Source:
    """Return the note of a row with the columns SOURCE."""
    return Source(summary(found), found.body)


def note(found: Row[Any]) -> Note:
    """Return the note of a row with the columns NOTE."""
    return Note(summary(found), found.body, found.html, is_stale=found.is_stale)


def comment(found: Row[Any]) -> Comment:
    """Return the comment of a row with the columns COMMENT."""
    return Comment(
        id=found.id,
        author=Person(found.author_id, found.author_name),
        text=found.text,
        html=found.html,
        created_at=found.created_at,
        version=found.version,
        edited_at=found.edited_at,
    )


def values(note: NoteSummary) -> dict[str, Any]:
    """Return the note's columns, except its id and its number of comments."""
    deletion = note.deletion
    return {
        **{name: getattr(note, name) for name in _SAVED},
        "author_id": note.author.id,
        "author_name": note.author.name,
        "editor_id": note.editor.id,
        "editor_name": note.editor.name,
        "deleted_at": deletion.at if deletion else None,
        "deleter_id": deletion.by.id if deletion else None,
        "deleter_name": deletion.by.name if deletion else None,
    }


def _deletion(found: Row[Any]) -> Deletion | None:
    if found.deleted_at is None:
        return None
    return Deletion(Person(found.deleter_id, found.deleter_name), found.deleted_at)
