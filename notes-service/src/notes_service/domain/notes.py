"""What a note and a comment are, and who acts on them.

A note's version counts up by one with each save, deletion and return; comments leave it alone.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from notes_service.domain.errors import NotAllowed

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
        """Whether the caller may do what only administrators may."""
        return "admin" in self.roles

    def must_write(self) -> None:
        """Raise NotAllowed unless the caller may write notes and comments."""
        if not self.roles & _WRITERS:
            raise NotAllowed("writing needs the role editor or admin")


@dataclass(frozen=True, slots=True)
class Deletion:
    """When a note or a comment was put into the trash, and by whom."""

    by: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSummary:
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
    changed_lines: int | None = None
    """By its last save; None of a first version, and where they were not counted."""
    deletion: Deletion | None = None


class Words(NamedTuple):
    """The words of a text as search sees them; `text.words` makes them."""

    sequence: str = ""
    """The words in their order, each between spaces: phrases are looked for in it."""
    lexemes: tuple[str, ...] = ()
    """Whatever the text is found by, each once."""


NO_WORDS: Final = Words()


class Source(NamedTuple):
    """A note with what people typed, and nothing that was derived from it."""

    summary: NoteSummary
    body: str


@dataclass(frozen=True, slots=True)
class Note:
    """A note whole."""

    summary: NoteSummary
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
    """What a person wrote below a note. `id` counts up over all notes."""

    id: int
    author: Person
    text: str
    created_at: datetime
    html: str | None = None
    """What is shown of the text, sanitised; None if the release before stored it."""
    version: int = 1
    """Counts up by one with each change of the comment."""
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeletedComment:
    """A comment that was deleted lately, as it read then."""

    comment: Comment
    deletion: Deletion


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentVersion:
    """A former text of a comment, and when it was written."""

    version: int
    text: str
    at: datetime
