"""Connections to PostgreSQL: pooled, bounded in number and in time.

Whatever way PostgreSQL is away or too busy, callers see `Unavailable`; the pool recovers by
itself when it is back.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from notes_service.domain.errors import Unavailable

log = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 3
COMMAND_SECONDS: Final = 10
POOL_SECONDS: Final = 5
_SERVER_SETTINGS: Final = {
    "application_name": "notes-service",
    "statement_timeout": "5000",
    "lock_timeout": "3000",
    "idle_in_transaction_session_timeout": "10000",
    "jit": "off",  # our statements are short; compiling them costs more than running them
    "pg_trgm.word_similarity_threshold": "0.5",
}
# SQLSTATE classes and codes that say "not now" and nothing about the statement: connection,
# rollback by the server, resources, lock not available, operator intervention.
_NOT_NOW: Final = ("08", "40", "53", "55P03", "57")


def driver_url(database_url: str) -> str:
    """The same database for SQLAlchemy with asyncpg."""
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    if mode := url.query.get("sslmode"):
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return url.render_as_string(hide_password=False)


class Database:
    """A pool of connections; what says that PostgreSQL is away is raised as Unavailable."""

    def __init__(self, database_url: str, *, pool_size: int) -> None:
        self._engine: AsyncEngine = create_async_engine(
            driver_url(database_url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_SECONDS,
            hide_parameters=True,  # titles and bodies, in the text of an error
            connect_args={
                "timeout": CONNECT_SECONDS,
                "command_timeout": COMMAND_SECONDS,
                "server_settings": _SERVER_SETTINGS,
            },
        )
        # One pool; every statement its own transaction, without a BEGIN to wait for.
        self._single = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which every statement is a transaction of its own."""
        try:
            async with self._single.connect() as connection:
                yield connection
        except _MAY_BE_AWAY as error:
            raise _translated(error) from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction that is committed at the end of the block."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except _MAY_BE_AWAY as error:
            raise _translated(error) from error

    async def ping(self) -> None:
        """Raise Unavailable unless PostgreSQL answers."""
        async with self.statements() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


_MAY_BE_AWAY: Final = (
    OSError,
    TimeoutError,
    PoolTimeout,
    DBAPIError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)


def _translated(error: BaseException) -> BaseException:
    if isinstance(error, DBAPIError | asyncpg.PostgresError) and not _is_away(error):
        return error
    log.warning("PostgreSQL is away or busy: %s", _cause(error).__class__.__name__)
    return Unavailable()


def _is_away(error: DBAPIError | asyncpg.PostgresError) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = getattr(_cause(error), "sqlstate", None)
    # No SQLSTATE: the driver itself gave up, on a connection or a time limit.
    return not state or state.startswith(_NOT_NOW)


def _cause(error: BaseException) -> BaseException:
    return error.orig or error if isinstance(error, DBAPIError) else error
