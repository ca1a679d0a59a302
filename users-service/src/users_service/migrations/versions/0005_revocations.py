"""Generations of tokens, and ends of sessions told to two listeners.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    generation = sa.Column("generation", sa.Integer(), server_default="0", nullable=False)
    op.add_column("accounts", generation)
    listener = sa.Column("listener", sa.Text(), server_default="gateway", nullable=False)
    op.add_column("session_ends", listener)
    op.add_column("session_ends", sa.Column("generation", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("session_ends", "generation")
    op.drop_column("session_ends", "listener")
    op.drop_column("accounts", "generation")
