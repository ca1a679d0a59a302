"""The storage schema as statements see it; migrations/ makes it, a test compares the two."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

metadata: Final = MetaData()

RULES: Final = 2
"""The rules by which HTML, excerpt and words are derived from a note's text. Every change of
what comes out of them counts this up: `jobs.rederivation` derives notes of earlier rules again.
"""

COMMENT_RULES: Final = 1
"""The rules by which comments' HTML is made of their text; `jobs.comment_rendering` looks."""

_MOMENT: Final = DateTime(timezone=True)

notes: Final = Table(
    "notes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("key", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("excerpt", Text, nullable=False),
    Column("words", TSVECTOR, nullable=False),
    Column("lexemes", TSVECTOR),
    Column("found_title", Text),
    Column("found_text", Text),
    Column("renderer", SmallInteger, nullable=False, server_default=text("0")),
    # The version whose text that was: the release before does not derive what is new here.
    Column("derived_from", Integer, nullable=False, server_default=text("0")),
    Column("version", Integer, nullable=False),
    Column("comments", Integer, nullable=False, server_default=text("0")),
    Column("changed_lines", Integer),
    Column("author_id", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("editor_id", Text, nullable=False),
    Column("editor_name", Text, nullable=False),
    Column("created_at", _MOMENT, nullable=False),
    Column("updated_at", _MOMENT, nullable=False),
    Column("deleted_at", _MOMENT),
    Column("deleter_id", Text),
    Column("deleter_name", Text),
)
_is_live = notes.c.deleted_at.is_(None)
_is_in_trash = notes.c.deleted_at.is_not(None)

LIVE_KEY: Final = "notes_live_key"
Index(LIVE_KEY, notes.c.key, unique=True, postgresql_where=_is_live)
Index("notes_newest", notes.c.updated_at.desc(), notes.c.id.desc(), postgresql_where=_is_live)
Index(
    "notes_newest_of_author",
    notes.c.author_id,
    notes.c.updated_at.desc(),
    notes.c.id.desc(),
    postgresql_where=_is_live,
)
Index("notes_created", notes.c.created_at.desc(), notes.c.id.desc(), postgresql_where=_is_live)
# Without case, accents and punctuation; the same on every machine, whatever its locales.
_title_start = literal_column("""left(coalesce(found_title, ''), 80)""", Text)
TITLE_ORDER: Final = _title_start.collate("C")
# Alembic does not compare the collation, which the migration gives.
Index("notes_by_title", _title_start, notes.c.id, postgresql_where=_is_live)
Index(
    "notes_trash",
    notes.c.deleted_at.desc(),
    notes.c.id.desc(),
    postgresql_where=_is_in_trash,
)
Index("notes_trash_key", notes.c.key, postgresql_where=_is_in_trash)
Index("notes_words", notes.c.words, postgresql_using="gin")
Index(
    "notes_title_trigrams",
    notes.c.title,
    postgresql_using="gin",
    postgresql_ops={"title": "gin_trgm_ops"},
)
Index("notes_lexemes", notes.c.lexemes, postgresql_using="gin")
Index(
    "notes_found_title_trigrams",
    notes.c.found_title,
    postgresql_using="gin",
    postgresql_ops={"found_title": "gin_trgm_ops"},
)
Index("notes_renderer", notes.c.renderer, notes.c.id)
Index(
    "notes_derived_from",
    notes.c.id,
    postgresql_where=notes.c.derived_from != notes.c.version,
)

comments: Final = Table(
    "comments",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("note_id", ForeignKey("notes.id", ondelete="CASCADE"), nullable=False),
    Column("author_id", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", _MOMENT, nullable=False),
    Column("html", Text),
    Column("renderer", SmallInteger, nullable=False, server_default=text("0")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("edited_at", _MOMENT),
)
deleted_comments: Final = Table(
    "deleted_comments",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("note_id", ForeignKey("notes.id", ondelete="CASCADE"), nullable=False),
    Column("author_id", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text),
    Column("renderer", SmallInteger, nullable=False),
    Column("created_at", _MOMENT, nullable=False),
    Column("version", Integer, nullable=False),
    Column("edited_at", _MOMENT),
    # Its rows of comment_versions.
    Column("former", JSONB, nullable=False),
    Column("deleted_at", _MOMENT, nullable=False),
    Column("deleter_id", Text, nullable=False),
    Column("deleter_name", Text, nullable=False),
)
Index("deleted_comments_of_note", deleted_comments.c.note_id)
Index("deleted_comments_age", deleted_comments.c.deleted_at)
comment_versions: Final = Table(
    "comment_versions",
    metadata,
    Column("comment_id", ForeignKey("comments.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", _MOMENT, nullable=False),
    PrimaryKeyConstraint("comment_id", "version"),
)
Index("comments_of_note", comments.c.note_id, comments.c.id)
Index("comments_renderer", comments.c.renderer, comments.c.id)

# Every saved text, whole; note_id is the note's identity, not its key.
note_versions: Final = Table(
    "note_versions",
    metadata,
    Column("note_id", ForeignKey("notes.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("by_id", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("at", _MOMENT, nullable=False),
    Column("via", Text, nullable=False),
    Column("restored_from", Integer),
    Column("changed_lines", Integer),
    # Of one that an administrator deleted: its title and body are empty.
    Column("deleted_at", _MOMENT),
    Column("deleter_id", Text),
    Column("deleter_name", Text),
    PrimaryKeyConstraint("note_id", "version"),
)
Index(
    "note_versions_restored",
    note_versions.c.note_id,
    note_versions.c.restored_from,
    postgresql_where=note_versions.c.restored_from.is_not(None),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", _MOMENT, nullable=False, server_default=func.clock_timestamp()),
)

idempotency_keys: Final = Table(
    "idempotency_keys",
    metadata,
    Column("person_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("answer", Text),
    Column("created_at", _MOMENT, nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("person_id", "key"),
)
Index("idempotency_keys_age", idempotency_keys.c.created_at)

written: Final = Table(
    "written",
    metadata,
    Column("person_id", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    PrimaryKeyConstraint("person_id", "day"),
)

# Which version of a note somebody looked at last.
looked: Final = Table(
    "looked",
    metadata,
    Column("person_id", Text, nullable=False),
    Column("note_id", ForeignKey("notes.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", _MOMENT, nullable=False),
    PrimaryKeyConstraint("person_id", "note_id"),
)
Index("looked_of_note", looked.c.note_id, looked.c.version)
