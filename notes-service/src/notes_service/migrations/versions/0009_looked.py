"""Which version of a note each person looked at last."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE looked (
        person_id text NOT NULL,
        note_id bigint NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
        version integer NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (person_id, note_id)
    )
    """,
    # A note that goes for good takes its rows along; a version that is looked at stays.
    "CREATE INDEX looked_of_note ON looked (note_id, version)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
