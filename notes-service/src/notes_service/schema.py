"""Brings the database's schema up to date; service_data says how."""

from pathlib import Path
from typing import Final

from service_data import schema
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

# The number only has to be ours, and another one than the relay's.
_LOCK: Final = 7_201_943
_SCRIPTS: Final = Path(__file__).parent / "migrations"


async def upgrade(database_url: str) -> None:
    """Raises service_data.schema.SchemaTooNew."""
    engine = create_async_engine(database_url, poolclass=NullPool, connect_args={"timeout": 5})
    try:
        await schema.upgrade(engine, scripts=_SCRIPTS, lock=_LOCK)
    finally:
        await engine.dispose()
