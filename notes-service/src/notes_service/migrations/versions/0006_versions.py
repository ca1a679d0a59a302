"""Every version of every note.

What each note reads now, in the trash or not, becomes its first stored version. It is copied
before anything is locked; then the table is tied to the notes, which takes moments.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE note_versions (
        note_id bigint NOT NULL,
        version integer NOT NULL,
        title text NOT NULL,
        body text NOT NULL,
        by_id text NOT NULL,
        by_name text NOT NULL,
        at timestamptz NOT NULL,
        via text NOT NULL,
        restored_from integer,
        changed_lines integer,
        deleted_at timestamptz,
        deleter_id text,
        deleter_name text,
        PRIMARY KEY (note_id, version)
    )
    """,
    # A server without lz4 compresses in its usual way.
    """
    DO $$ BEGIN
        ALTER TABLE note_versions ALTER COLUMN body SET COMPRESSION lz4;
    EXCEPTION WHEN feature_not_supported THEN NULL;
    END $$
    """,
    # Putting a note into the trash counted up by one and left everything else as it was.
    """
    INSERT INTO note_versions (note_id, version, title, body, by_id, by_name, at, via)
    SELECT id, version - (deleted_at IS NOT NULL)::integer,
        title, body, editor_id, editor_name, updated_at, 'page'
    FROM notes
    """,
    "ALTER TABLE notes ADD COLUMN changed_lines integer",
    # From here on nobody writes until the end: none goes that is not gone by now.
    "DELETE FROM note_versions WHERE NOT EXISTS (SELECT FROM notes WHERE id = note_id)",
    """
    ALTER TABLE note_versions
        ADD FOREIGN KEY (note_id) REFERENCES notes (id) ON DELETE CASCADE
    """,
    """
    CREATE INDEX note_versions_restored ON note_versions (note_id, restored_from)
        WHERE restored_from IS NOT NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
