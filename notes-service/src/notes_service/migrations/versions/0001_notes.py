"""Notes, comments, the outbox and remembered answers."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    # A trusted extension: the database's owner may create it; so may an administrator before.
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    """
    CREATE TABLE notes (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        key text NOT NULL,
        title text NOT NULL,
        body text NOT NULL,
        html text NOT NULL,
        excerpt text NOT NULL,
        words tsvector NOT NULL,
        version integer NOT NULL,
        comments integer NOT NULL DEFAULT 0,
        author_id text NOT NULL,
        author_name text NOT NULL,
        editor_id text NOT NULL,
        editor_name text NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        deleted_at timestamptz,
        deleter_id text,
        deleter_name text
    )
    """,
    "CREATE UNIQUE INDEX notes_live_key ON notes (key) WHERE deleted_at IS NULL",
    """
    CREATE INDEX notes_newest ON notes (updated_at DESC, id DESC) WHERE deleted_at IS NULL
    """,
    """
    CREATE INDEX notes_newest_of_author ON notes (author_id, updated_at DESC, id DESC)
        WHERE deleted_at IS NULL
    """,
    """
    CREATE INDEX notes_trash ON notes (deleted_at DESC, id DESC) WHERE deleted_at IS NOT NULL
    """,
    "CREATE INDEX notes_trash_key ON notes (key) WHERE deleted_at IS NOT NULL",
    "CREATE INDEX notes_words ON notes USING gin (words)",
    "CREATE INDEX notes_title_trigrams ON notes USING gin (title gin_trgm_ops)",
    """
    CREATE TABLE comments (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        note_id bigint NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
        author_id text NOT NULL,
        author_name text NOT NULL,
        text text NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX comments_of_note ON comments (note_id, id)",
    # Rows live for milliseconds: vacuum by count, or the relay reads through the dead ones.
    """
    CREATE TABLE outbox (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        channel text NOT NULL,
        payload text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp()
    ) WITH (
        autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 10000
    )
    """,
    """
    CREATE TABLE idempotency_keys (
        person_id text NOT NULL,
        key text NOT NULL,
        fingerprint text NOT NULL,
        answer text,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (person_id, key)
    )
    """,
    "CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
