"""Brings the database's schema up to date: every migration once, one process at a time.

However many services start together, an advisory lock lets one of them work and the others
wait; a migration that fails leaves nothing behind.
"""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, func, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from notes_service.tables import metadata

# The number only has to be ours, and another one than the relay's.
_LOCK: Final = 7_201_943
_SCRIPTS: Final = Path(__file__).parent / "migrations"


async def upgrade(database_url: str) -> None:
    engine = create_async_engine(database_url, poolclass=NullPool, connect_args={"timeout": 5})
    try:
        async with engine.begin() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    command.upgrade(config, "head")
