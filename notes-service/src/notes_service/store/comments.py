"""Statements about comments. They belong to a note's identity, not to its key."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.domain.notes import Comment, CommentVersion, Person
from notes_service.store import rows
from notes_service.tables import COMMENT_RULES, comment_versions, comments

FORMER_KEPT: Final = 100
"""Former texts of one comment: what is deleted or purged with it has to have a bound."""

_ONE: Final = select(*rows.COMMENT).where(
    comments.c.id == bindparam("id"), comments.c.note_id == bindparam("note_id")
)
_STALE: Final = (
    select(comments.c.id, comments.c.text)
    .where(comments.c.renderer < COMMENT_RULES, comments.c.id > bindparam("after"))
    .order_by(comments.c.id)
    .limit(bindparam("limit"))
)
_RENDERED: Final = (
    update(comments)
    .where(comments.c.id == bindparam("same_id"), comments.c.text == bindparam("same_text"))
    .values(html=bindparam("new_html"), renderer=COMMENT_RULES)
)

_FORMER: Final = insert(comment_versions).from_select(
    ["comment_id", "version", "text", "at"],
    select(
        comments.c.id,
        comments.c.version,
        comments.c.text,
        func.coalesce(comments.c.edited_at, comments.c.created_at),
    ).where(comments.c.id == bindparam("same_id")),
)
# The text before this change is stored by it, and is not seen here.
_hundredth = (
    select(comment_versions.c.version)
    .where(comment_versions.c.comment_id == bindparam("same_id"))
    .order_by(comment_versions.c.version.desc())
    .offset(FORMER_KEPT - 1)
    .limit(1)
    .scalar_subquery()
)
_OLDEST_GONE: Final = delete(comment_versions).where(
    comment_versions.c.comment_id == bindparam("same_id"),
    comment_versions.c.version <= _hundredth,
)
_EDITED: Final = (
    update(comments)
    .where(comments.c.id == bindparam("same_id"))
    .values(
        text=bindparam("new_text"),
        html=bindparam("new_html"),
        renderer=COMMENT_RULES,
        version=bindparam("new_version"),
        edited_at=bindparam("new_edited_at"),
    )
    .add_cte(_FORMER.cte("former"), _OLDEST_GONE.cte("oldest_gone"))
)
_VERSIONS: Final = (
    select(comment_versions.c.version, comment_versions.c.text, comment_versions.c.at)
    .where(comment_versions.c.comment_id == bindparam("id"))
    .order_by(comment_versions.c.version.desc())
    .limit(bindparam("limit"))
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
    connection: AsyncConnection,
    note_id: int,
    *,
    author: Person,
    text: str,
    html: str,
    now: datetime,
) -> Comment:
    """Store a comment, and return it with its id."""
    values = {
        "note_id": note_id,
        "author_id": author.id,
        "author_name": author.name,
        "text": text,
        "html": html,
        "renderer": COMMENT_RULES,
        "created_at": now,
    }
    added = await connection.execute(insert(comments).returning(comments.c.id), values)
    return Comment(id=added.scalar_one(), author=author, text=text, html=html, created_at=now)


async def edit(connection: AsyncConnection, after: Comment) -> None:
    """Store the comment's next text, and the one before among its last FORMER_KEPT."""
    values = {
        "same_id": after.id,
        "new_text": after.text,
        "new_html": after.html,
        "new_version": after.version,
        "new_edited_at": after.edited_at,
    }
    await connection.execute(_EDITED, values)


async def versions(
    connection: AsyncConnection, comment_id: int, *, limit: int
) -> list[CommentVersion]:
    """The comment's former texts, newest first."""
    found = await connection.execute(_VERSIONS, {"id": comment_id, "limit": limit})
    return [CommentVersion(version=each.version, text=each.text, at=each.at) for each in found]


async def stale(connection: AsyncConnection, *, after: int, limit: int) -> Mapping[int, str]:
    """The texts, by id, of the next comments that were rendered by earlier rules or never."""
    found = await connection.execute(_STALE, {"after": after, "limit": limit})
    return {each.id: each.text for each in found}


async def save_rendered(
    connection: AsyncConnection, comment_id: int, *, text: str, html: str
) -> None:
    """Store what is shown of the comment, if this is still its text."""
    values = {"same_id": comment_id, "same_text": text, "new_html": html}
    await connection.execute(_RENDERED, values)
