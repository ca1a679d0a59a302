"""The use cases of notes.

A change reads the note, lets the domain decide, and saves the outcome with its announcements
in one statement that does nothing if the note changed in between; then it reads again. So no
lock is held while the network or Python is at work, and every statement is a whole transaction.
A change that loses this race a few times queues for the row's lock: everybody's turn comes.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Never, TypeVar
from uuid import uuid4

from service_kit.logs import area
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service import domain, events, forms, texts
from notes_service.domain import Caller, Event, Note, NoteRow
from notes_service.errors import (
    NotAllowed,
    NoteExists,
    NoteGone,
    NoteNotFound,
    Unavailable,
    VersionConflict,
)
from notes_service.events import Message
from notes_service.forms import Json
from notes_service.metrics import Metrics
from notes_service.once import Once
from notes_service.rendering import Renderer
from notes_service.store import lists, notes
from notes_service.store.database import Database
from notes_service.store.lists import Place

trace = area("notes:store")

_ATTEMPTS_WITHOUT_LOCK: Final = 4
# No letters and digits that are taken for each other; a key is read out, not guessed.
_KEY_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_KEY_LENGTH: Final = 8

T = TypeVar("T")
Save = Callable[[AsyncConnection, NoteRow, T, Sequence[Message]], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Notes:
    database: Database
    once: Once
    renderer: Renderer
    metrics: Metrics
    announce: Callable[[], None]
    """Wakes the relay after a commit; losing the call costs time, never an event."""
    now: Callable[[], datetime]

    async def get(self, key: str) -> Note:
        async with self.database.statements() as connection:
            return await _live(connection, key)

    async def newest(
        self, *, after: Place | None, limit: int, author_id: str | None, query: str
    ) -> list[NoteRow]:
        query = texts.search_text(query)
        async with self.database.statements() as connection:
            return await lists.newest(
                connection, after=after, limit=limit, author_id=author_id, query=query
            )

    async def trash(self, caller: Caller, *, after: Place | None, limit: int) -> list[NoteRow]:
        async with self.database.statements() as connection:
            return await lists.trash(connection, caller, after=after, limit=limit)

    async def preview(self, body: str) -> str:
        return (await self.renderer.render(texts.body_text(body))).html

    async def create(
        self,
        *,
        caller: Caller,
        key: str | None,
        title: str,
        body: str,
        idempotency_key: str | None,
    ) -> Json:
        """The new note as JSON: a repeated request gets what the first one got."""
        caller.must_write()
        text = texts.note_text(title, body)
        keys = [texts.note_key(key)] if key is not None else [_made_key() for _ in range(3)]
        seen = await self.renderer.render(text.body)

        async def work(connection: AsyncConnection) -> Json:
            for wanted in keys:
                note, event = domain.create(
                    wanted, text, seen, by=caller.person, now=self.now()
                )
                if await notes.add(connection, note, events.encode(event, uuid4)):
                    return forms.note(note)
            raise NoteExists(keys[-1])

        answer, is_new = await self.once.run(
            work,
            key=idempotency_key,
            by=caller.person,
            request=("note", key, title, body),
        )
        if is_new:
            self._committed("create", answer["key"])
        return answer

    async def edit(
        self, key: str, *, caller: Caller, expected: Set[int], title: str, body: str
    ) -> Note:
        caller.must_write()
        text = texts.note_text(title, body)
        seen = await self.renderer.render(text.body)

        def decide(before: NoteRow) -> tuple[Note, Event]:
            return domain.edit(
                before, text, seen, by=caller.person, expected=expected, now=self.now()
            )

        return await self._change("edit", key, decide, notes.save_text)

    async def delete(self, key: str, *, caller: Caller, expected: Set[int]) -> None:
        """Into the trash, from where `restore` brings it back for 30 days."""
        caller.must_write()

        def decide(before: NoteRow) -> tuple[NoteRow, Event]:
            return domain.delete(before, by=caller.person, expected=expected, now=self.now())

        await self._change("delete", key, decide, notes.save_state)

    async def restore(self, key: str, *, caller: Caller) -> Note:
        caller.must_write()
        async with self.database.statements() as connection:
            before = await _restorable(connection, key, caller)
            after, event = domain.restore(before.row, caller=caller, now=self.now())
            messages = events.encode(event, uuid4)
            if not await notes.save_state(connection, before.row, after, messages):
                raise NoteExists(key)  # somebody else has just brought it back
        self._committed("restore", key)
        return replace(before, row=after)

    async def _change(
        self, kind: str, key: str, decide: Callable[[NoteRow], tuple[T, Event]], save: Save[T]
    ) -> T:
        try:
            changed = await self._race(key, decide, save)
            if changed is None:
                changed = await self._queue(key, decide, save)
        except VersionConflict as conflict:
            self.metrics.conflicts.inc()
            trace.debug("refused %s of %s: now %d", kind, key, conflict.actual)
            conflict.current = forms.note(await self.get(key))
            raise
        self._committed(kind, key)
        return changed

    async def _race(
        self, key: str, decide: Callable[[NoteRow], tuple[T, Event]], save: Save[T]
    ) -> T | None:
        """The outcome, or None if every time somebody else was faster."""
        async with self.database.statements() as connection:
            for _ in range(_ATTEMPTS_WITHOUT_LOCK):
                before = await live_row(connection, key)
                after, event = decide(before)
                if await save(connection, before, after, events.encode(event, uuid4)):
                    return after
        return None

    async def _queue(
        self, key: str, decide: Callable[[NoteRow], tuple[T, Event]], save: Save[T]
    ) -> T:
        async with self.database.transaction() as connection:
            before = await live_row(connection, key, lock=True)
            after, event = decide(before)
            if not await save(connection, before, after, events.encode(event, uuid4)):
                raise Unavailable  # cannot be: the row is locked
        return after

    def _committed(self, kind: str, key: str) -> None:
        trace.debug("committed %s of %s", kind, key)
        self.metrics.saves.labels(kind).inc()
        self.announce()


async def live_row(connection: AsyncConnection, key: str, *, lock: bool = False) -> NoteRow:
    """The note with this key; NoteGone if it lies in the trash, NoteNotFound if nowhere."""
    found = await notes.row(connection, _possible(key), lock=lock)
    return found or await _missing(connection, key)


async def _live(connection: AsyncConnection, key: str) -> Note:
    return await notes.note(connection, _possible(key)) or await _missing(connection, key)


async def _restorable(connection: AsyncConnection, key: str, caller: Caller) -> Note:
    if await notes.row(connection, _possible(key)):
        raise NoteExists(key)
    mine = await notes.last_deleted(connection, key, restorable_by=caller)
    if mine is None and await notes.last_deleted(connection, key):
        raise NotAllowed("a note is restored by its author, its deleter or an administrator")
    if mine is None:
        raise NoteNotFound
    return mine


async def _missing(connection: AsyncConnection, key: str) -> Never:
    gone = await notes.last_deleted(connection, key)
    if gone is None or gone.row.deletion is None:
        raise NoteNotFound
    deletion = gone.row.deletion
    raise NoteGone(
        key, gone.row.title, by=forms.person(deletion.by), at=forms.time(deletion.at)
    )


def _possible(key: str) -> str:
    # What cannot be a key need not be looked for (and might not even be sent to PostgreSQL).
    if not texts.is_note_key(key):
        raise NoteNotFound
    return key


def _made_key() -> str:
    return "".join(secrets.choice(_KEY_ALPHABET) for _ in range(_KEY_LENGTH))
