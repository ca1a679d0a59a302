"""Which changes to notes and comments are legal, and what comes out of them.

A change returns its outcome together with the event that announces it, so the two cannot drift
apart.
"""

from collections.abc import Set
from dataclasses import replace
from datetime import datetime

from notes_service.domain.errors import CommentConflict, NotAllowed, VersionConflict
from notes_service.domain.events import (
    CommentCreated,
    CommentDeleted,
    CommentUpdated,
    NoteCreated,
    NoteDeleted,
    NoteUpdated,
)
from notes_service.domain.limits import Text
from notes_service.domain.notes import (
    UNNUMBERED,
    Caller,
    Comment,
    DeletedComment,
    Deletion,
    Note,
    NoteSummary,
    Person,
    Rendering,
)


def create(
    key: str, text: Text, rendered: Rendering, *, by: Person, now: datetime
) -> tuple[Note, NoteCreated]:
    """Return a new note of version 1."""
    summary = NoteSummary(
        id=UNNUMBERED,
        key=key,
        title=text.title,
        excerpt=rendered.excerpt,
        version=1,
        comments=0,
        author=by,
        editor=by,
        created_at=now,
        updated_at=now,
    )
    note = Note(summary, text.body, rendered.html, rendered.words)
    return note, NoteCreated(by=by, at=now, summary=summary)


def edit(
    before: NoteSummary,
    text: Text,
    rendered: Rendering,
    *,
    by: Person,
    expected: Set[int],
    now: datetime,
    changed_lines: int | None = None,
) -> tuple[Note, NoteUpdated]:
    """Return the note's next version. Raises VersionConflict if it is at none of `expected`."""
    _must_be_current(before, expected)
    after = replace(
        _next(before, by=by, now=now),
        title=text.title,
        excerpt=rendered.excerpt,
        changed_lines=changed_lines,
    )
    note = Note(after, text.body, rendered.html, rendered.words)
    return note, NoteUpdated(by=by, at=after.updated_at, note=note)


def derive_again(note: Note, body: str, rendered: Rendering) -> Note:
    """Return the same version of the note by the rules of today. Nobody has changed it."""
    summary = replace(note.summary, excerpt=rendered.excerpt)
    return Note(summary, body, rendered.html, rendered.words)


def delete(
    before: NoteSummary, *, by: Person, expected: Set[int], now: datetime
) -> tuple[NoteSummary, NoteDeleted]:
    """Put the note into the trash. The text, its editor and its time stay as they were.

    Raises VersionConflict if the note is at none of the `expected` versions.
    """
    _must_be_current(before, expected)
    at = max(now, before.updated_at)
    after = replace(before, version=before.version + 1, deletion=Deletion(by, at))
    return after, NoteDeleted(by=by, at=at, summary=after)


def restore(
    before: NoteSummary, *, caller: Caller, now: datetime
) -> tuple[NoteSummary, NoteCreated]:
    """Bring the note back from the trash, as the newest change of the list.

    Raises NotAllowed unless the caller may.
    """
    if not may_restore(before, caller):
        raise NotAllowed("a note is restored by its author, its deleter or an administrator")
    by = caller.person
    after = replace(_next(before, by=by, now=now), changed_lines=0, deletion=None)
    return after, NoteCreated(by=by, at=after.updated_at, summary=after)


def may_restore(note: NoteSummary, caller: Caller) -> bool:
    """Return what `store.rows.is_restorable_by` says to the database."""
    deleter = note.deletion.by.id if note.deletion else None
    return caller.is_admin or caller.person.id in (note.author.id, deleter)


def edit_comment(
    note: NoteSummary,
    before: Comment,
    text: str,
    html: str,
    *,
    caller: Caller,
    expected: Set[int],
    now: datetime,
) -> CommentUpdated:
    """Return what announces the comment's next version.

    Raises NotAllowed unless it is the caller's own, CommentConflict if it is at none of the
    `expected` versions.
    """
    if caller.person.id != before.author.id:
        raise NotAllowed("a comment is changed by its author alone")
    if before.version not in expected:
        raise CommentConflict(actual=before.version)
    at = max(now, before.edited_at or before.created_at)
    after = replace(before, text=text, html=html, version=before.version + 1, edited_at=at)
    return CommentUpdated(
        by=caller.person, at=at, key=note.key, comment=after, comments=note.comments
    )


def may_see_versions(comment: Comment, caller: Caller) -> bool:
    """Whether the former texts of the comment are this person's to read."""
    return caller.is_admin or caller.person.id == comment.author.id


def delete_comment(
    note: NoteSummary, comment: Comment, *, caller: Caller, now: datetime
) -> CommentDeleted:
    """Return what announces the deletion; raise NotAllowed unless the caller may delete it."""
    if caller.person.id != comment.author.id and not caller.is_admin:
        raise NotAllowed("a comment is deleted by its author or an administrator")
    return CommentDeleted(
        by=caller.person,
        at=now,
        key=note.key,
        comment_id=comment.id,
        comments=note.comments - 1,
        version=comment.version,
    )


def restore_comment(
    note: NoteSummary, deleted: DeletedComment, *, caller: Caller, now: datetime
) -> CommentCreated:
    """Return what announces that the comment is back; raise NotAllowed unless one may."""
    comment = deleted.comment
    if not caller.is_admin and caller.person.id not in (
        comment.author.id,
        deleted.deletion.by.id,
    ):
        raise NotAllowed("a comment is restored by its author, its deleter or an administrator")
    return CommentCreated(
        by=caller.person,
        at=max(now, deleted.deletion.at),
        key=note.key,
        comment=replace(comment, version=comment.version + 1),
        comments=note.comments + 1,
    )


def _must_be_current(note: NoteSummary, expected: Set[int]) -> None:
    if note.version not in expected:
        raise VersionConflict(note.key, actual=note.version)


def _next(before: NoteSummary, *, by: Person, now: datetime) -> NoteSummary:
    # Never earlier than the version before, whichever machine's clock made that.
    return replace(
        before, version=before.version + 1, editor=by, updated_at=max(now, before.updated_at)
    )
