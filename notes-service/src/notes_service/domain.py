"""What a note and a comment are, and which changes to them are legal.

Pure: no I/O, no clock, no framework. A change returns what comes out of it together with the
event that announces it, so the two cannot drift apart. A note's version counts up by one with
each save, deletion and return; comments leave it alone.
"""

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from notes_service.errors import NotAllowed, VersionConflict
from notes_service.texts import Text
from notes_service.words import NO_WORDS, Words

UNNUMBERED: Final = 0
"""The id of a note that the database has not numbered yet."""

_WRITERS: Final = frozenset({"editor", "admin"})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, under the name that they had when they acted."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, as the access token says."""

    person: Person
    roles: Set[str]

    @property
    def is_admin(self) -> bool:
        return "admin" in self.roles

    def must_write(self) -> None:
        if not self.roles & _WRITERS:
            raise NotAllowed("writing needs the role editor or admin")


@dataclass(frozen=True, slots=True)
class Deletion:
    """When a note was put into the trash, and by whom."""

    by: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """A note as lists show it. `id` is its identity; a key may come to name another note."""

    id: int
    key: str
    title: str
    excerpt: str
    version: int
    comments: int
    author: Person
    editor: Person
    created_at: datetime
    updated_at: datetime
    deletion: Deletion | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A note whole."""

    row: NoteRow
    body: str
    html: str
    words: Words = NO_WORDS
    """What its body is found by, where it is about to be saved."""
    is_stale: bool = False
    """What was derived from its text was so by the rules of an earlier release."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """What is derived from a body: sanitised HTML, its beginning as plain text, its words."""

    html: str
    excerpt: str
    words: Words = NO_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    id: int
    author: Person
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Happened:
    by: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCreated(_Happened):
    """The note stands in the list now: new, or back from the trash."""

    row: NoteRow


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteUpdated(_Happened):
    note: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDeleted(_Happened):
    row: NoteRow


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentCreated(_Happened):
    key: str
    comment: Comment
    comments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentDeleted(_Happened):
    key: str
    comment_id: int
    comments: int


Event = NoteCreated | NoteUpdated | NoteDeleted | CommentCreated | CommentDeleted


def create(
    key: str, text: Text, seen: Rendering, *, by: Person, now: datetime
) -> tuple[Note, NoteCreated]:
    row = NoteRow(
        id=UNNUMBERED,
        key=key,
        title=text.title,
        excerpt=seen.excerpt,
        version=1,
        comments=0,
        author=by,
        editor=by,
        created_at=now,
        updated_at=now,
    )
    return Note(row, text.body, seen.html, seen.words), NoteCreated(by=by, at=now, row=row)


def edit(
    row: NoteRow,
    text: Text,
    seen: Rendering,
    *,
    by: Person,
    expected: Set[int],
    now: datetime,
) -> tuple[Note, NoteUpdated]:
    _must_be_current(row, expected)
    after = replace(_next(row, by=by, now=now), title=text.title, excerpt=seen.excerpt)
    note = Note(after, text.body, seen.html, seen.words)
    return note, NoteUpdated(by=by, at=after.updated_at, note=note)


def derive_again(note: Note, body: str, seen: Rendering) -> Note:
    """The same version of the note, by the rules of today. Nobody has changed it."""
    row = replace(note.row, excerpt=seen.excerpt)
    return Note(row, body, seen.html, seen.words)


def delete(
    row: NoteRow, *, by: Person, expected: Set[int], now: datetime
) -> tuple[NoteRow, NoteDeleted]:
    """Into the trash. The text, its editor and its time stay as they were."""
    _must_be_current(row, expected)
    at = max(now, row.updated_at)
    after = replace(row, version=row.version + 1, deletion=Deletion(by, at))
    return after, NoteDeleted(by=by, at=at, row=after)


def restore(row: NoteRow, *, caller: Caller, now: datetime) -> tuple[NoteRow, NoteCreated]:
    """Back from the trash, as the newest change of the list."""
    if not may_restore(row, caller):
        raise NotAllowed("a note is restored by its author, its deleter or an administrator")
    by = caller.person
    after = replace(_next(row, by=by, now=now), deletion=None)
    return after, NoteCreated(by=by, at=after.updated_at, row=after)


def may_restore(row: NoteRow, caller: Caller) -> bool:
    """`store.notes.is_restorable_by` says the same to the database."""
    deleter = row.deletion.by.id if row.deletion else None
    return caller.is_admin or caller.person.id in (row.author.id, deleter)


def delete_comment(
    row: NoteRow, comment: Comment, *, caller: Caller, now: datetime
) -> CommentDeleted:
    if caller.person.id != comment.author.id and not caller.is_admin:
        raise NotAllowed("a comment is deleted by its author or an administrator")
    return CommentDeleted(
        by=caller.person,
        at=now,
        key=row.key,
        comment_id=comment.id,
        comments=row.comments - 1,
    )


def _must_be_current(row: NoteRow, expected: Set[int]) -> None:
    if row.version not in expected:
        raise VersionConflict(row.key, actual=row.version)


def _next(row: NoteRow, *, by: Person, now: datetime) -> NoteRow:
    # Never earlier than the version before, whichever machine's clock made that.
    return replace(row, version=row.version + 1, editor=by, updated_at=max(now, row.updated_at))
