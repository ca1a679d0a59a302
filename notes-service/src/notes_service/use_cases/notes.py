"""The use cases of notes.

`changes` says how a change is made although others change the same note; `idempotency` says
which requests may be repeated.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import uuid4

from service_kit.logs import area
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service import messages, representations
from notes_service.domain import limits, rules
from notes_service.domain.errors import NoteExists, VersionConflict
from notes_service.domain.events import Event
from notes_service.domain.limits import Draft
from notes_service.domain.notes import Caller, Note, NoteSummary, Rendering
from notes_service.domain.versions import BY_PROGRAM, Origin
from notes_service.metrics import Metrics
from notes_service.representations import Json
from notes_service.store import lists, notes
from notes_service.store.database import Database
from notes_service.store.lists import Cursor, Order
from notes_service.text.rendering import Renderer
from notes_service.text.turns import Purpose
from notes_service.use_cases import changes
from notes_service.use_cases.changes import Change, live
from notes_service.use_cases.edits import Edit
from notes_service.use_cases.idempotency import Idempotency
from notes_service.use_cases.quota import Quota

trace = area("notes:store")

# No letters and digits that are taken for each other; a key is read out, not guessed.
_KEY_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_KEY_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class Notes:
    """What people do with notes. The errors are those of `domain`."""

    database: Database
    idempotency: Idempotency
    renderer: Renderer
    by_current_rules: Callable[[Note], Awaitable[Note]]
    """Derives a stale note's HTML again, if that is quick."""
    quota: Quota
    metrics: Metrics
    wake_relay: Callable[[], None]
    """Called after a commit; losing the call costs time, never an event."""
    now: Callable[[], datetime]

    async def get(self, key: str) -> Note:
        """Return the note; raise NoteGone if it lies in the trash, NoteNotFound if nowhere."""
        async with self.database.statements() as connection:
            note = await live(connection, key)
        return await self.by_current_rules(note)

    async def newest(
        self, *, after: Cursor | None, limit: int, author_id: str | None, order: Order
    ) -> list[NoteSummary]:
        """Return live notes, newest change or newest note first."""
        async with self.database.statements() as connection:
            return await lists.newest(
                connection, after=after, limit=limit, author_id=author_id, order=order
            )

    async def by_title(
        self, *, after: Cursor | None, limit: int, author_id: str | None
    ) -> list[tuple[NoteSummary, Cursor]]:
        """Return live notes in the order of their titles, each with its place there."""
        async with self.database.statements() as connection:
            return await lists.by_title(
                connection, after=after, limit=limit, author_id=author_id
            )

    async def trash(
        self, caller: Caller, *, after: Cursor | None, limit: int
    ) -> list[NoteSummary]:
        """Return the deleted notes that the caller may restore, last deleted first."""
        async with self.database.statements() as connection:
            return await lists.trash(connection, caller, after=after, limit=limit)

    async def preview(self, body: str, *, caller: Caller) -> str:
        """Return the HTML of a body, which is not saved."""
        return (await self._render(limits.body_text(body), caller, Purpose.PREVIEW)).html

    async def create(
        self,
        *,
        caller: Caller,
        key: str | None,
        draft: Draft,
        idempotency_key: str | None,
        origin: Origin = BY_PROGRAM,
    ) -> Json:
        """Return the new note as JSON: a repeated request gets what the first one got."""
        caller.must_write()
        text = draft.checked()
        keys = [limits.note_key(key)] if key is not None else [_made_key() for _ in range(3)]
        rendered = await self._render(text.body, caller, Purpose.SAVE)

        async def work(connection: AsyncConnection) -> Json:
            reservation.take()
            for wanted in keys:
                note, event = rules.create(
                    wanted, text, rendered, by=caller.person, now=self.now()
                )
                announced = messages.encode(event, uuid4)
                if await notes.add(connection, note, announced, origin=origin):
                    return representations.note(note)
            raise NoteExists(keys[-1])

        async with self.quota.reserve(caller.person.id, *text) as reservation:
            answer, is_new = await self.idempotency.run(
                work,
                key=idempotency_key,
                by=caller.person,
                request=("note", key, *draft),
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
        draft: Draft,
        idempotency_key: str | None = None,
        origin: Origin = BY_PROGRAM,
    ) -> Json:
        """Return the saved note as JSON: a repeated request gets what the first one got.

        Raises VersionConflict, with the note as it reads now, unless it is at one of the
        `expected` versions. A repeat may name another `origin.via`: the text is what counts.
        """
        caller.must_write()
        text = draft.checked()
        read = ",".join(map(str, sorted(expected)))
        restored = () if origin.restored_from is None else (str(origin.restored_from),)
        key_use = self.idempotency.key_use(
            idempotency_key, by=caller.person, request=("edit", key, read, *draft, *restored)
        )
        rendered = await self._render(text.body, caller, Purpose.SAVE)

        edit = Edit(text, rendered, caller.person, expected, self.now, origin, key_use)

        async def work() -> Json:
            reservation.take()
            saved = await changes.make(self.database, key, edit.change())
            return representations.summary(saved.summary)

        async with self.quota.reserve(caller.person.id, *text) as reservation:
            async with self._conflicts_explained("edit", key):
                answer, is_new = await self.idempotency.run_statement(work, key_use)
            if not is_new:
                reservation.refund()
        if is_new:
            self._committed("edit", key)
        return {**answer, "body": text.body, "html": rendered.html}

    async def delete(self, key: str, *, caller: Caller, expected: Set[int]) -> None:
        """Put the note into the trash, from where `restore` brings it back for 30 days.

        Raises VersionConflict as `edit` does.
        """
        caller.must_write()

        def decide(before: NoteSummary) -> tuple[NoteSummary, Event]:
            return rules.delete(before, by=caller.person, expected=expected, now=self.now())

        async with self._conflicts_explained("delete", key):
            deletion = Change(changes.live_summary, decide, notes.delete)
            await changes.make(self.database, key, deletion)
        self._committed("delete", key)

    async def restore(
        self, key: str, *, caller: Caller, idempotency_key: str | None = None
    ) -> Json:
        """Return the note as JSON: a repeated request gets what the first one got.

        Its text counts as written once more. Raises NoteExists if its key was taken meanwhile.
        """
        caller.must_write()

        async def work(connection: AsyncConnection) -> Json:
            before = await changes.restorable(connection, key, caller)
            reservation.take(before.summary.title, before.body)  # stored again, as a version
            after, event = rules.restore(before.summary, caller=caller, now=self.now())
            announced = messages.encode(event, uuid4)
            if not await notes.bring_back(connection, before.summary, after, announced):
                raise NoteExists(key)  # somebody else has just brought it back
            return representations.note(replace(before, summary=after))

        async with self.quota.reserve(caller.person.id) as reservation:
            answer, is_new = await self.idempotency.run(
                work, key=idempotency_key, by=caller.person, request=("restore", key)
            )
        if is_new:
            self._committed("restore", key)
        return answer

    @asynccontextmanager
    async def _conflicts_explained(self, kind: str, key: str) -> AsyncIterator[None]:
        """Give a conflict the note as it reads now."""
        try:
            yield
        except VersionConflict as conflict:
            self.metrics.conflicts.inc()
            trace.debug("refused %s of %s: now %d", kind, key, conflict.actual)
            conflict.current = representations.note(await self.get(key))
            raise

    async def _render(self, body: str, caller: Caller, purpose: Purpose) -> Rendering:
        return await self.renderer.render(body, by=caller.person.id, purpose=purpose)

    def _committed(self, kind: str, key: str) -> None:
        trace.debug("committed %s of %s", kind, key)
        self.metrics.saves.labels(kind).inc()
        self.wake_relay()


def _made_key() -> str:
    return "".join(secrets.choice(_KEY_ALPHABET) for _ in range(_KEY_LENGTH))
