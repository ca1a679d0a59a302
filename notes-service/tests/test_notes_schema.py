"""The schema is what the statements think it is, and is made once."""

import asyncio

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from notes_service import schema
from notes_service.store.database import Database
from notes_service.tables import metadata
from service_data.database import driver_url
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


async def test_migrations_make_exactly_the_tables_that_the_statements_use(notes_url: str):
    engine = create_async_engine(driver_url(notes_url))
    async with engine.connect() as connection:
        found = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
        )
    await engine.dispose()
    assert found == []


async def test_services_that_start_together_migrate_once(database_url: str):
    url = driver_url(database_url)
    await asyncio.gather(*(schema.upgrade(url) for _ in range(4)))
    await schema.upgrade(url)
    database = Database(database_url, pool_size=1)
    async with database.statements() as connection:
        versions = await connection.scalars(text("SELECT version_num FROM alembic_version"))
        assert len(list(versions)) == 1
    await database.close()
