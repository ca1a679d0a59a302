"""How much people wrote in a day."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE written (
            person_id text NOT NULL,
            day date NOT NULL,
            bytes bigint NOT NULL,
            PRIMARY KEY (person_id, day)
        )
        """
    )
