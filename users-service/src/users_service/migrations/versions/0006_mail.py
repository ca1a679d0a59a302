"""Sealed secrets of authenticator apps, proven e-mail addresses, letters to be sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In clear still: the service seals them when it starts, with a key that is not here.
    op.alter_column(
        "totp",
        "secret",
        type_=sa.LargeBinary(),
        postgresql_using="convert_to(secret, 'UTF8')",
    )
    op.add_column("accounts", sa.Column("proven_email", sa.Text(), nullable=True))
    op.execute("CREATE INDEX ix_accounts_proven_email ON accounts (lower(proven_email))")
    op.add_column(
        "reset_links",
        sa.Column("by_mail", sa.Boolean(), server_default="false", nullable=False),
    )
    op.create_table(
        "letters",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("facts", postgresql.JSON(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_letters_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
    )
    op.create_index(op.f("ix_letters_account_id"), "letters", ["account_id"])
    op.create_index(op.f("ix_letters_next_try_at"), "letters", ["next_try_at"])


def downgrade() -> None:
    op.drop_table("letters")
    op.drop_column("reset_links", "by_mail")
    op.drop_column("accounts", "proven_email")
    # What was sealed meanwhile stays sealed: it is no text any more.
    op.execute("DELETE FROM totp WHERE get_byte(secret, 0) = 1")
    op.alter_column(
        "totp", "secret", type_=sa.Text(), postgresql_using="convert_from(secret, 'UTF8')"
    )
