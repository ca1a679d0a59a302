"""What notes are found by, and by which rules it and their HTML were derived from their text.

What is there already is derived again in the background, and found by `words` until then;
those are still written, for the release before.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE notes
        ADD COLUMN lexemes tsvector,
        ADD COLUMN found_title text,
        ADD COLUMN found_text text,
        ADD COLUMN renderer smallint NOT NULL DEFAULT 0,
        ADD COLUMN derived_from integer NOT NULL DEFAULT 0
    """,
    "CREATE INDEX notes_lexemes ON notes USING gin (lexemes)",
    "CREATE INDEX notes_found_title_trigrams ON notes USING gin (found_title gin_trgm_ops)",
    "CREATE INDEX notes_renderer ON notes (renderer, id)",
    "CREATE INDEX notes_derived_from ON notes (id) WHERE derived_from <> version",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
