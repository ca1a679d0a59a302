"""Connections to PostgreSQL: pooled, bounded in number and in time.

Whatever way PostgreSQL is away or too busy, callers see `Unavailable`; the pool recovers by
itself when it is back.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from service_data.database import MAY_BE_AWAY, engine, is_away
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service.domain.errors import Unavailable

log = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 3
_SERVER_SETTINGS: Final = {
    "statement_timeout": "5000",
    "lock_timeout": "3000",
    "idle_in_transaction_session_timeout": "10000",
    "jit": "off",  # our statements are short; compiling them costs more than running them
    "pg_trgm.word_similarity_threshold": "0.5",
}


class Database:
    """A pool of connections; what says that PostgreSQL is away is raised as Unavailable."""

    def __init__(self, database_url: str, *, pool_size: int) -> None:
        self._engine = engine(
            database_url,
            application_name="notes-service",
            pool_size=pool_size,
            connect_seconds=CONNECT_SECONDS,
            server_settings=_SERVER_SETTINGS,
        )
        # One pool; every statement its own transaction, without a BEGIN to wait for.
        self._single = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which every statement is a transaction of its own."""
        try:
            async with self._single.connect() as connection:
                yield connection
        except MAY_BE_AWAY as error:
            raise _translated(error) from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction that is committed at the end of the block."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except MAY_BE_AWAY as error:
            raise _translated(error) from error

    async def ping(self) -> None:
        """Raise Unavailable unless PostgreSQL answers."""
        async with self.statements() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


def _translated(error: BaseException) -> BaseException:
    if not is_away(error):
        return error
    cause = error.orig or error if isinstance(error, DBAPIError) else error
    log.warning("PostgreSQL is away or busy: %s", cause.__class__.__name__)
    return Unavailable()
