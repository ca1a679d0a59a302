"""The relay's own connection: the outbox's statements, its turn, and its wake-up calls.

The turn is a session lock: it ends with the connection, whatever becomes of the process, so
there is never more than one relay that PostgreSQL believes in, and never none for long.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import asyncpg

# The number only has to be ours, and another one than the migrations'.
_TURN: Final = 7_201_944
_CHANNEL: Final = "notes_outbox"
_SETTINGS: Final = {
    "application_name": "notes-service relay",
    "statement_timeout": "10000",
    "jit": "off",
    # What a crash of PostgreSQL brings back into the outbox is announced again: harmless.
    "synchronous_commit": "off",
    # A relay whose machine vanished loses its turn within seconds.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
_NEXT: Final = """
    WITH forgotten AS (DELETE FROM outbox WHERE seq = ANY($1::bigint[]))
    SELECT seq, channel, payload FROM outbox
    WHERE seq <> ALL($1::bigint[]) ORDER BY seq LIMIT $2
"""

AWAY: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What the functions below raise when PostgreSQL is not there."""


class Waiting(NamedTuple):
    """A committed event that waits to be announced."""

    seq: int
    channel: str
    payload: str


class OutboxReader:
    """The relay's statements, on its own connection."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def take_turn(self) -> bool:
        """Return whether this connection is the relay's now."""
        return bool(await self._connection.fetchval("SELECT pg_try_advisory_lock($1)", _TURN))

    async def next(self, *, announced: Sequence[int], limit: int) -> list[Waiting]:
        """Forget what was announced, and return the oldest of the rest, in order."""
        found = await self._connection.fetch(_NEXT, announced, limit)
        return [Waiting(*each) for each in found]

    async def listen(self, on_wake: Callable[[], None]) -> None:
        """Call `on_wake` when another process calls `wake`, and when the connection ends."""
        self._connection.add_termination_listener(lambda _: on_wake())
        await self._connection.add_listener(_CHANNEL, lambda *_: on_wake())

    async def wake(self) -> None:
        """Wake the active relay, whichever process it is in."""
        await self._connection.execute(f"NOTIFY {_CHANNEL}")


@asynccontextmanager
async def connect(database_url: str) -> AsyncIterator[OutboxReader]:
    """Connect for the length of the block; the turn ends with it. Raises AWAY."""
    connection = await asyncpg.connect(
        database_url, timeout=3, command_timeout=10, server_settings=_SETTINGS
    )
    try:
        yield OutboxReader(connection)
    finally:
        # Ending the session gives up the turn at once; there is nothing to say goodbye for.
        connection.terminate()
