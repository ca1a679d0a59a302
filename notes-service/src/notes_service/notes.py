"""The use cases of notes.

How a change is made, against whoever changes the same note meanwhile, is said in `changes`;
which requests may be repeated, in `once`.
"""

import json
import secrets
from collections.abc import AsyncIterator, Callable, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import uuid4

from service_kit.logs import area
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service import changes, domain, events, forms, texts
from notes_service.again import Again
from notes_service.changes import live
from notes_service.domain import Caller, Event, Note, NoteRow, Rendering
from notes_service.errors import NotAllowed, NoteExists, NoteNotFound, VersionConflict
from notes_service.events import Message
from notes_service.forms import Json
from notes_service.metrics import Metrics
from notes_service.once import Once
from notes_service.quota import Quota
from notes_service.rendering import Renderer
from notes_service.store import lists, notes
from notes_service.store.database import Database
from notes_service.store.lists import Place
from notes_service.turns import Purpose

trace = area("notes:store")

# No letters and digits that are taken for each other; a key is read out, not guessed.
_KEY_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_KEY_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class Notes:
    database: Database
    once: Once
    renderer: Renderer
    again: Again
    quota: Quota
    metrics: Metrics
    announce: Callable[[], None]
    """Wakes the relay after a commit; losing the call costs time, never an event."""
    now: Callable[[], datetime]

    async def get(self, key: str) -> Note:
        async with self.database.statements() as connection:
            note = await live(connection, key)
        return await self.again.fresh(note)

    async def newest(
        self, *, after: Place | None, limit: int, author_id: str | None
    ) -> list[NoteRow]:
        async with self.database.statements() as connection:
            return await lists.newest(connection, after=after, limit=limit, author_id=author_id)

    async def trash(self, caller: Caller, *, after: Place | None, limit: int) -> list[NoteRow]:
        async with self.database.statements() as connection:
            return await lists.trash(connection, caller, after=after, limit=limit)

    async def preview(self, body: str, *, caller: Caller) -> str:
        return (await self._render(texts.body_text(body), caller, Purpose.PREVIEW)).html

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
        seen = await self._render(text.body, caller, Purpose.SAVE)

        async def work(connection: AsyncConnection) -> Json:
            use.take()
            for wanted in keys:
                note, event = domain.create(
                    wanted, text, seen, by=caller.person, now=self.now()
                )
                if await notes.add(connection, note, events.encode(event, uuid4)):
                    return forms.note(note)
            raise NoteExists(keys[-1])

        async with self.quota.use(caller.person.id, text.title, text.body) as use:
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
        self,
        key: str,
        *,
        caller: Caller,
        expected: Set[int],
        title: str,
        body: str,
        idempotency_key: str | None = None,
    ) -> Json:
        """The saved note as JSON: a repeated request gets what the first one got."""
        caller.must_write()
        text = texts.note_text(title, body)
        read = ",".join(map(str, sorted(expected)))
        repeated = self.once.use(
            idempotency_key, by=caller.person, request=("edit", key, read, title, body)
        )
        seen = await self._render(text.body, caller, Purpose.SAVE)

        def decide(before: NoteRow) -> tuple[Note, Event]:
            return domain.edit(
                before, text, seen, by=caller.person, expected=expected, now=self.now()
            )

        async def save(
            connection: AsyncConnection,
            before: NoteRow,
            after: Note,
            messages: Sequence[Message],
        ) -> bool:
            # Body and HTML follow from the request: what is remembered stays small.
            once = (repeated, json.dumps(forms.row(after.row))) if repeated else None
            return await notes.save_text(connection, before, after, messages, once=once)

        async def work() -> Json:
            use.take()
            return forms.row((await changes.make(self.database, key, decide, save)).row)

        async with self.quota.use(caller.person.id, text.title, text.body) as use:
            async with self._conflicts_told("edit", key):
                answer, is_new = await self.once.keep(work, repeated)
            if not is_new:
                use.give_back()
        if is_new:
            self._committed("edit", key)
        return {**answer, "body": text.body, "html": seen.html}

    async def delete(self, key: str, *, caller: Caller, expected: Set[int]) -> None:
        """Into the trash, from where `restore` brings it back for 30 days."""
        caller.must_write()

        def decide(before: NoteRow) -> tuple[NoteRow, Event]:
            return domain.delete(before, by=caller.person, expected=expected, now=self.now())

        async with self._conflicts_told("delete", key):
            await changes.make(self.database, key, decide, notes.save_state)
        self._committed("delete", key)

    async def restore(
        self, key: str, *, caller: Caller, idempotency_key: str | None = None
    ) -> Json:
        """The note as JSON: a repeated request gets what the first one got."""
        caller.must_write()

        async def work(connection: AsyncConnection) -> Json:
            before = await _restorable(connection, key, caller)
            after, event = domain.restore(before.row, caller=caller, now=self.now())
            messages = events.encode(event, uuid4)
            if not await notes.save_state(connection, before.row, after, messages):
                raise NoteExists(key)  # somebody else has just brought it back
            return forms.note(replace(before, row=after))

        answer, is_new = await self.once.run(
            work, key=idempotency_key, by=caller.person, request=("restore", key)
        )
        if is_new:
            self._committed("restore", key)
        return answer

    @asynccontextmanager
    async def _conflicts_told(self, kind: str, key: str) -> AsyncIterator[None]:
        """A conflict carries the note as it reads now."""
        try:
            yield
        except VersionConflict as conflict:
            self.metrics.conflicts.inc()
            trace.debug("refused %s of %s: now %d", kind, key, conflict.actual)
            conflict.current = forms.note(await self.get(key))
            raise

    async def _render(self, body: str, caller: Caller, purpose: Purpose) -> Rendering:
        return await self.renderer.render(body, by=caller.person.id, purpose=purpose)

    def _committed(self, kind: str, key: str) -> None:
        trace.debug("committed %s of %s", kind, key)
        self.metrics.saves.labels(kind).inc()
        self.announce()


async def _restorable(connection: AsyncConnection, key: str, caller: Caller) -> Note:
    if await changes.is_live(connection, key):
        raise NoteExists(key)
    mine = await notes.last_deleted(connection, key, restorable_by=caller)
    if mine is None and await notes.last_deleted(connection, key):
        raise NotAllowed("a note is restored by its author, its deleter or an administrator")
    if mine is None:
        raise NoteNotFound
    return mine


def _made_key() -> str:
    return "".join(secrets.choice(_KEY_ALPHABET) for _ in range(_KEY_LENGTH))
