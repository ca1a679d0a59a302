"""Statements about comments. They belong to a note's identity, not to its key."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.domain.notes import Comment, Person
from notes_service.store import rows
from notes_service.tables import comments

_ONE: Final = select(*rows.COMMENT).where(
    comments.c.id == bindparam("id"), comments.c.note_id == bindparam("note_id")
)


async def latest(
    connection: AsyncConnection, note_id: int, *, before: int | None, limit: int
) -> list[Comment]:
    """The last comments (before the one with that id), newest first."""
    query = select(*rows.COMMENT).where(comments.c.note_id == note_id)
    if before is not None:
        query = query.where(comments.c.id < before)
    found = await connection.execute(query.order_by(comments.c.id.desc()).limit(limit))
    return [rows.comment(each) for each in found]


async def get(connection: AsyncConnection, note_id: int, comment_id: int) -> Comment | None:
    """Return the comment if it is one of this note's."""
    found = (await connection.execute(_ONE, {"id": comment_id, "note_id": note_id})).first()
    return rows.comment(found) if found else None


async def add(
    connection: AsyncConnection, note_id: int, *, author: Person, text: str, now: datetime
) -> Comment:
    """Store a comment, and return it with its id."""
    values = {
        "note_id": note_id,
        "author_id": author.id,
        "author_name": author.name,
        "text": text,
        "created_at": now,
    }
    added = await connection.execute(insert(comments).returning(comments.c.id), values)
    return Comment(id=added.scalar_one(), author=author, text=text, created_at=now)


async def remove(connection: AsyncConnection, comment_id: int) -> None:
    """Delete the comment for good."""
    await connection.execute(delete(comments).where(comments.c.id == comment_id))
