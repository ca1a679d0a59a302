"""The connections to PostgreSQL: one pool."""

from service_data import database
from sqlalchemy.ext.asyncio import AsyncEngine

_CONNECTIONS = 10


def connect(url: str) -> AsyncEngine:
    """Return an engine for `postgresql://…`. Close it with `dispose`."""
    return database.engine(
        url, application_name="users-service", pool_size=_CONNECTIONS, pool_pre_ping=True
    )
