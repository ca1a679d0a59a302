"""The use cases of what people looked at: they tell it, and reading writes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from notes_service.domain.errors import InvalidVersion
from notes_service.domain.notes import Caller, NoteSummary
from notes_service.store.database import Database
from notes_service.store.history import looked
from notes_service.use_cases import changes


@dataclass(frozen=True, slots=True)
class Looked:
    """Which version of a note a person looked at last, on whichever device."""

    database: Database
    now: Callable[[], datetime]

    async def put(self, key: str, version: int, *, caller: Caller) -> None:
        """Remember the version; an earlier one than before changes nothing.

        Raises InvalidVersion if the note has no such version yet, and what `Notes.get` raises.
        """
        async with self.database.transaction() as connection:
            note = await changes.live_summary(connection, key)
            if version > note.version:
                raise InvalidVersion(note.version)
            await looked.put(connection, caller.person.id, note.id, version, self.now())

    async def versions(
        self, notes: Sequence[NoteSummary], *, caller: Caller | None
    ) -> dict[int, int]:
        """Return the caller's versions by the notes' ids; strangers have none."""
        if caller is None or not notes:
            return {}
        async with self.database.statements() as connection:
            ids = [note.id for note in notes]
            return await looked.versions(connection, caller.person.id, ids)
