"""Statements about what is derived from a note's text: HTML, excerpt, words.

It is stored with the text; after an upgrade by newer rules it is derived again, of the same
version.
"""

from typing import Any, Final

from sqlalchemy import Text, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.domain.notes import Note
from notes_service.store import rows
from notes_service.tables import RULES, notes
from notes_service.text import words

BOUND: Final = {
    **rows.bindings("html", "found_title", "found_text"),
    "lexemes": func.array_to_tsvector(bindparam("new_lexemes", type_=ARRAY(Text))),
    "renderer": RULES,
}
"""The columns, with the parameters that `values` gives."""
_SAVE_DERIVED: Final = (
    update(notes)
    .where(notes.c.id == bindparam("same_id"), notes.c.version == bindparam("same_version"))
    .values(
        **BOUND,
        **rows.bindings("body", "excerpt"),
        derived_from=notes.c.version,
    )
)
_STALE: Final = (
    select(*rows.NOTE)
    .where(rows.IS_STALE, notes.c.id > bindparam("after"))
    .order_by(notes.c.id)
    .limit(1)
)


async def stale(connection: AsyncConnection, *, after: int) -> Note | None:
    """The next note, in the trash or not, that was derived by earlier rules."""
    found = (await connection.execute(_STALE, {"after": after})).first()
    return rows.note(found) if found else None


async def save_derived(connection: AsyncConnection, note: Note) -> None:
    """Save what was derived again, if this is still the note's version: no change of it."""
    given = values(note) | {"new_body": note.body, "new_excerpt": note.summary.excerpt}
    same = {"same_id": note.summary.id, "same_version": note.summary.version}
    await connection.execute(_SAVE_DERIVED, given | same)


def values(note: Note) -> dict[str, Any]:
    """Return the parameters of `BOUND`."""
    row = note.summary
    title, people = words.of(row.title), words.of(f"{row.author.name} | {row.editor.name}")
    parts = (title, people, note.words)
    return {
        "new_html": note.html,
        "new_found_title": title.sequence,
        # No phrase goes from one part to the next.
        "new_found_text": "\n".join(part.sequence for part in parts),
        "new_lexemes": list(words.that_fit(each for part in parts for each in part.lexemes)),
    }
