"""One save of another text over a note, as `changes.make` carries it out."""

import asyncio
import json
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service import representations
from notes_service.domain import rules
from notes_service.domain.events import Event
from notes_service.domain.limits import Text
from notes_service.domain.notes import Note, NoteSummary, Person, Rendering
from notes_service.domain.versions import Origin, lines_changed
from notes_service.messages import Message
from notes_service.store import notes
from notes_service.store.idempotency import KeyUse
from notes_service.use_cases import changes
from notes_service.use_cases.changes import Change

_COUNTED_AT_ONCE: Final = 16 * 1024  # characters; more must not hold up other requests


class Basis(NamedTuple):
    """What a save depends on: the note, and how much of its text the new one changes."""

    summary: NoteSummary
    changed_lines: int


@dataclass(frozen=True, slots=True)
class Edit:
    """A text that shall be the note's next version."""

    text: Text
    rendered: Rendering
    by: Person
    expected: Set[int]
    now: Callable[[], datetime]
    origin: Origin
    key_use: KeyUse | None

    def change(self) -> Change[Basis, Note]:
        """Return its steps."""
        return Change(self._read, self._decide, self._save)

    async def _read(
        self, connection: AsyncConnection, key: str, *, lock: bool = False
    ) -> Basis:
        found = await changes.live_source(connection, key, lock=lock)
        return Basis(found.summary, await _counted(found.body, self.text.body))

    def _decide(self, before: Basis) -> tuple[Note, Event]:
        return rules.edit(
            before.summary,
            self.text,
            self.rendered,
            by=self.by,
            expected=self.expected,
            now=self.now(),
            changed_lines=before.changed_lines,
        )

    async def _save(
        self,
        connection: AsyncConnection,
        before: Basis,
        after: Note,
        announced: Sequence[Message],
    ) -> bool:
        # Body and HTML follow from the request: what is remembered stays small.
        answer = json.dumps(representations.summary(after.summary))
        return await notes.save_text(
            connection,
            before.summary,
            after,
            announced,
            origin=self.origin,
            remember=(self.key_use, answer) if self.key_use else None,
        )


async def _counted(old: str, new: str) -> int:
    if len(old) + len(new) <= _COUNTED_AT_ONCE:
        return lines_changed(old, new)
    return await asyncio.to_thread(lines_changed, old, new)
