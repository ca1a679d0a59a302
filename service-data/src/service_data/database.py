"""Connections to PostgreSQL, bounded in number and in time, and what says that it is away."""

from collections.abc import Mapping
from typing import Any, Final

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

CONNECT_SECONDS: Final = 5
COMMAND_SECONDS: Final = 10
POOL_SECONDS: Final = 5

MAY_BE_AWAY: Final = (
    OSError,
    TimeoutError,
    PoolTimeout,
    DBAPIError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)
"""What statements and connections raise if PostgreSQL is away, and also if they are wrong."""

# SQLSTATE classes and codes that say "not now" and nothing about the statement: connection,
# rollback by the server, resources, lock not available, operator intervention.
_NOT_NOW: Final = ("08", "40", "53", "55P03", "57")
_LOST: Final = (OperationalError, InterfaceError, InternalError)
"""What the driver says without a code when it gives up a connection or a time limit."""


def driver_url(database_url: str) -> str:
    """Return the URL of the same database for SQLAlchemy with asyncpg; `sslmode` is kept."""
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    if mode := url.query.get("sslmode"):
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return url.render_as_string(hide_password=False)


def engine(
    database_url: str,
    *,
    application_name: str,
    pool_size: int,
    connect_seconds: int = CONNECT_SECONDS,
    server_settings: Mapping[str, str] | None = None,
    **options: Any,
) -> AsyncEngine:
    """Return a pool of at most `pool_size` connections; close it with `dispose`.

    PostgreSQL knows them by `application_name`; `options` are further ones of SQLAlchemy.
    """
    return create_async_engine(
        driver_url(database_url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        # Errors quote parameters otherwise, and texts and hashes are parameters.
        hide_parameters=True,
        connect_args={
            "timeout": connect_seconds,
            "command_timeout": COMMAND_SECONDS,
            "server_settings": {
                "application_name": application_name,
                **(server_settings or {}),
            },
        },
        **options,
    )


def is_away(error: BaseException) -> bool:
    """Return whether the error says that PostgreSQL cannot do it now, whatever it was.

    False for an error of the statement.
    """
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        is_lost = error.connection_invalidated or (not state and isinstance(error, _LOST))
        return is_lost or str(state).startswith(_NOT_NOW)
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_NOT_NOW)
    return isinstance(error, MAY_BE_AWAY)
