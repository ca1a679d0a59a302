"""Lists of notes by their age and by their title, page by page."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    "CREATE INDEX notes_created ON notes (created_at DESC, id DESC) WHERE deleted_at IS NULL",
    """
    CREATE INDEX notes_by_title
        ON notes (("left"(coalesce(found_title, ''), 80) COLLATE "C"), id)
        WHERE deleted_at IS NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
