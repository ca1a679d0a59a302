"""Brings the database to this version's tables: once, however many replicas start together.

One transaction under an advisory lock: a failed migration leaves nothing behind, and who comes
second finds it done. The steps lie in `versions/`, inside the package, so that an image and an
installed wheel have them.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

_LOCK = 5_858_001


async def migrate(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
