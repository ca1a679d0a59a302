"""Alembic's entry: runs the steps on the connection that `migrate` holds the lock with."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
