"""Finding a live note, and changing it against everybody else who does.

A change reads the note, lets the domain decide, and saves the outcome with its announcements
in one statement that does nothing if the note changed in between; then it reads again. So no
lock is held while the network or Python is at work, and every statement is a whole transaction.
A change that loses this race a few times queues for the row's lock: everybody's turn comes.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, NamedTuple, Never, Protocol, TypeVar
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service import messages, representations
from notes_service.domain import limits
from notes_service.domain.errors import (
    NotAllowed,
    NoteExists,
    NoteGone,
    NoteNotFound,
    Unavailable,
)
from notes_service.domain.events import Event
from notes_service.domain.notes import Caller, Note, NoteSummary, Source
from notes_service.messages import Message
from notes_service.store import notes
from notes_service.store.database import Database

_ATTEMPTS_WITHOUT_LOCK: Final = 4

B = TypeVar("B")
T = TypeVar("T")
B_co = TypeVar("B_co", covariant=True)


class Read(Protocol[B_co]):
    """Finds the live note with this key, and what else the change depends on."""

    async def __call__(
        self, connection: AsyncConnection, key: str, /, *, lock: bool = False
    ) -> B_co:
        """Raise NoteGone or NoteNotFound."""


class Change(NamedTuple, Generic[B, T]):
    """A change in its three steps."""

    read: Read[B]
    decide: Callable[[B], tuple[T, Event]]
    save: Callable[[AsyncConnection, B, T, Sequence[Message]], Awaitable[bool]]


async def make(database: Database, key: str, change: Change[B, T]) -> T:
    """What the domain made of the note with this key, saved."""
    changed = await _race(database, key, change)
    return await _queue(database, key, change) if changed is None else changed


async def live_summary(
    connection: AsyncConnection, key: str, *, lock: bool = False
) -> NoteSummary:
    """The note with this key; NoteGone if it lies in the trash, NoteNotFound if nowhere."""
    found = await notes.summary(connection, _possible(key), lock=lock)
    return found or await _missing(connection, key)


async def live_source(connection: AsyncConnection, key: str, *, lock: bool = False) -> Source:
    """The same with its text."""
    found = await notes.source(connection, _possible(key), lock=lock)
    return found or await _missing(connection, key)


async def live(connection: AsyncConnection, key: str) -> Note:
    """The same, whole."""
    return await notes.note(connection, _possible(key)) or await _missing(connection, key)


async def is_live(connection: AsyncConnection, key: str) -> bool:
    """Return whether there is a note with this key outside of the trash."""
    return await notes.summary(connection, _possible(key)) is not None


async def restorable(connection: AsyncConnection, key: str, caller: Caller) -> Note:
    """The note with this key that was put into the trash last, of those that are the caller's.

    Raises NoteExists, NotAllowed or NoteNotFound.
    """
    if await is_live(connection, key):
        raise NoteExists(key)
    mine = await notes.last_deleted(connection, key, restorable_by=caller)
    if mine is None and await notes.last_deleted(connection, key):
        raise NotAllowed("a note is restored by its author, its deleter or an administrator")
    if mine is None:
        raise NoteNotFound
    return mine


async def _race(database: Database, key: str, change: Change[B, T]) -> T | None:
    """The outcome, or None if every time somebody else was faster."""
    async with database.statements() as connection:
        for _ in range(_ATTEMPTS_WITHOUT_LOCK):
            before = await change.read(connection, key)
            after, event = change.decide(before)
            if await change.save(connection, before, after, messages.encode(event, uuid4)):
                return after
    return None


async def _queue(database: Database, key: str, change: Change[B, T]) -> T:
    async with database.transaction() as connection:
        before = await change.read(connection, key, lock=True)
        after, event = change.decide(before)
        if not await change.save(connection, before, after, messages.encode(event, uuid4)):
            raise Unavailable  # cannot be: the row is locked
    return after


async def _missing(connection: AsyncConnection, key: str) -> Never:
    gone = await notes.last_deleted(connection, key)
    if gone is None or gone.summary.deletion is None:
        raise NoteNotFound
    deletion = gone.summary.deletion
    raise NoteGone(
        key,
        gone.summary.title,
        by=representations.person(deletion.by),
        at=representations.time(deletion.at),
    )


def _possible(key: str) -> str:
    # What cannot be a key need not be looked for (and might not even be sent to PostgreSQL).
    if not limits.is_note_key(key):
        raise NoteNotFound
    return key
