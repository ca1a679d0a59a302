"""Statements about comments that were deleted lately: they lie apart, and can be brought back.

They stand in a table of their own, with what they said before, so that whatever reads comments
(the release before, too) sees those alone that are there.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.domain.notes import Comment, DeletedComment, Deletion, Person
from notes_service.store import rows
from notes_service.tables import deleted_comments

_COLUMNS: Final = (
    "id, note_id, author_id, author_name, text, html, renderer, created_at, edited_at"
)
_PUT: Final = text(
    f"""
    WITH gone AS (DELETE FROM comments WHERE id = :id RETURNING *)
    INSERT INTO deleted_comments
        ({_COLUMNS}, version, former, deleted_at, deleter_id, deleter_name)
    SELECT {_COLUMNS}, version,
        (SELECT coalesce(jsonb_agg(v), '[]') FROM
            (SELECT version, text, at FROM comment_versions WHERE comment_id = gone.id) v),
        :at, :deleter_id, :deleter_name
    FROM gone
    """  # noqa: S608 - columns of ours
)
_BACK: Final = text(
    f"""
    WITH back AS (DELETE FROM deleted_comments WHERE id = :id RETURNING *),
    again AS (
        INSERT INTO comments ({_COLUMNS}, version) OVERRIDING SYSTEM VALUE
        SELECT {_COLUMNS}, :version FROM back
    )
    INSERT INTO comment_versions (comment_id, version, text, at)
    SELECT back.id, v.version, v.text, v.at
    FROM back, jsonb_to_recordset(back.former)
        AS v(version integer, text text, at timestamptz)
    """  # noqa: S608 - columns of ours
)


async def put(connection: AsyncConnection, comment: Comment, deletion: Deletion) -> None:
    """Take the comment from the others, with its former texts."""
    by = deletion.by
    values = {"id": comment.id, "at": deletion.at, "deleter_id": by.id, "deleter_name": by.name}
    await connection.execute(_PUT, values)


async def get(
    connection: AsyncConnection, note_id: int, comment_id: int
) -> DeletedComment | None:
    """Return the comment if it was one of this note's and lies here.

    It is locked until the end of the caller's transaction, so that it is not purged meanwhile.
    """
    query = (
        select(deleted_comments)
        .where(deleted_comments.c.id == comment_id, deleted_comments.c.note_id == note_id)
        .with_for_update()
    )
    found = (await connection.execute(query)).first()
    if found is None:
        return None
    by = Person(found.deleter_id, found.deleter_name)
    return DeletedComment(rows.comment(found), Deletion(by, found.deleted_at))


async def bring_back(connection: AsyncConnection, comment: Comment) -> None:
    """Put the comment among the others again, with its former texts, at its new version."""
    await connection.execute(_BACK, {"id": comment.id, "version": comment.version})


async def purge(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete for good what was deleted earlier, and return how many they were."""
    old = select(deleted_comments.c.id).where(deleted_comments.c.deleted_at < before)
    # Materialised: a sub-select with LIMIT may run, and choose, once per row.
    chosen = old.limit(limit).cte("chosen").prefix_with("MATERIALIZED")
    done = await connection.execute(
        delete(deleted_comments).where(deleted_comments.c.id == chosen.c.id)
    )
    return done.rowcount
