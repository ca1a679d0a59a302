"""Comments that were deleted lately, with what they said before.

They stand apart, so that the release before neither shows them nor counts them.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE deleted_comments (
        id bigint PRIMARY KEY,
        note_id bigint NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
        author_id text NOT NULL,
        author_name text NOT NULL,
        text text NOT NULL,
        html text,
        renderer smallint NOT NULL,
        created_at timestamptz NOT NULL,
        version integer NOT NULL,
        edited_at timestamptz,
        former jsonb NOT NULL,
        deleted_at timestamptz NOT NULL,
        deleter_id text NOT NULL,
        deleter_name text NOT NULL
    )
    """,
    "CREATE INDEX deleted_comments_of_note ON deleted_comments (note_id)",
    "CREATE INDEX deleted_comments_age ON deleted_comments (deleted_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
