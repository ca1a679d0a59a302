"""The connections to PostgreSQL: one pool, with a limit and a timeout for everything."""

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_CONNECTIONS = 10
_SECONDS_TO_CONNECT = 5
_SECONDS_TO_ANSWER = 10
_SECONDS_TO_WAIT_FOR_A_CONNECTION = 5


def connect(url: str) -> AsyncEngine:
    """An engine for `postgresql://…`. Close it with `dispose`."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_SECONDS_TO_WAIT_FOR_A_CONNECTION,
        pool_pre_ping=True,
        # Errors quote parameters otherwise, and hashes are parameters.
        hide_parameters=True,
        connect_args={
            "timeout": _SECONDS_TO_CONNECT,
            "command_timeout": _SECONDS_TO_ANSWER,
            "server_settings": {"application_name": "users-service"},
        },
    )
