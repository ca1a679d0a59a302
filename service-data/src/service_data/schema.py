"""Brings a database's schema up to date: each migration once, by one process at a time.

However many replicas start together, an advisory lock lets one of them work at a time, and each
goes on from where it finds the schema. Every migration is a transaction of its own: what one
has locked is free while the next works, so that the release before can go on beside. One that
fails leaves nothing behind; those before it stay, and the next start continues.

A schema that a newer release has changed is used as it is. That allows upgrades without
downtime, and the way back: migrations expand first and contract only a release later, when the
release before the expansion is no longer needed. A migration that contracts calls `contract`,
and a release too old for the result refuses to start instead of failing query by query.
"""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

log = logging.getLogger(__name__)

_OLDEST = text("SELECT obj_description(to_regclass('alembic_version'), 'pg_class')")


class SchemaTooNew(Exception):
    """A newer release has removed from the schema what this one needs.

    `found` is the schema's revision, `ours` this release's newest.
    """

    def __init__(self, *, found: str, ours: str) -> None:
        super().__init__(found, ours)
        self.found = found
        self.ours = ours

    def __str__(self) -> str:
        return (
            f"the database's schema ({self.found}) is too new for this release ({self.ours}): "
            "start the release that made it, or restore a backup from before the upgrade"
        )


async def upgrade(engine: AsyncEngine, *, scripts: Path, lock: int) -> None:
    """Apply the migrations in `scripts` that are missing.

    `lock` is the number of the advisory lock, one for each service. Raises SchemaTooNew.
    """
    is_done = False
    while not is_done:
        async with engine.begin() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(lock)))
            is_done = await connection.run_sync(_step, scripts)


def contract(op: Operations, *, oldest: str) -> None:
    """Record the oldest release that a migration which removes something leaves working.

    `oldest` is that release's newest revision. Raises ValueError if it is none.
    """
    if not oldest.isalnum():
        raise ValueError(f"{oldest!r} is no revision")
    op.execute(f"COMMENT ON TABLE alembic_version IS '{oldest}'")


def _step(connection: Connection, scripts: Path) -> bool:
    """Apply the next migration, if one is missing; return whether there was none."""
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    directory = ScriptDirectory.from_config(config)
    ours = directory.get_current_head() or ""
    known = {script.revision for script in directory.walk_revisions()}
    found = MigrationContext.configure(connection).get_current_revision()
    if found == ours:
        return True
    if found is None or found in known:
        command.upgrade(config, "+1")
        return False
    oldest = connection.scalar(_OLDEST)
    if oldest is not None and oldest not in known:
        raise SchemaTooNew(found=found, ours=ours)
    log.warning("schema: %s is newer than this release's %s; used as it is", found, ours)
    return True
