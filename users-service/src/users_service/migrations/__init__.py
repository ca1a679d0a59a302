"""Brings the database to this version's schema; service_data does the work.

The migrations are in `versions/`, inside the package, so that an image and a wheel have them.
"""

from pathlib import Path

from service_data import schema
from sqlalchemy.ext.asyncio import AsyncEngine

_LOCK = 5_858_001


async def migrate(engine: AsyncEngine) -> None:
    """Raises service_data.schema.SchemaTooNew."""
    await schema.upgrade(engine, scripts=Path(__file__).parent, lock=_LOCK)
