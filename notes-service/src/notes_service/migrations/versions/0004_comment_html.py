"""What is shown of comments, and by which rules it was made of their text.

What is there already is rendered in the background, and shown as plain text until then; so is
what the release before writes.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE comments
        ADD COLUMN html text,
        ADD COLUMN renderer smallint NOT NULL DEFAULT 0
    """,
    "CREATE INDEX comments_renderer ON comments (renderer, id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
