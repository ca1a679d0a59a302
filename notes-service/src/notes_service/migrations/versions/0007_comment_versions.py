"""Comments that their authors change, and what they said before."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE comments
        ADD COLUMN version integer NOT NULL DEFAULT 1,
        ADD COLUMN edited_at timestamptz
    """,
    # With the comment its former texts go, whichever release deletes it.
    """
    CREATE TABLE comment_versions (
        comment_id bigint NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
        version integer NOT NULL,
        text text NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (comment_id, version)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
