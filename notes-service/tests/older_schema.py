"""A database as an older release left it."""

from alembic import command
from alembic.config import Config
from notes_service.schema import _SCRIPTS
from service_data.database import driver_url
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

RELEASE_0_1_0 = "0003"


async def at_revision(url: str, revision: str) -> None:
    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(_SCRIPTS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    engine = create_async_engine(driver_url(url))
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()
