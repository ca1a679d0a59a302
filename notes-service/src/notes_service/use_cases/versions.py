"""The use cases of a note's versions.

Restoring one is an ordinary save of its text: with If-Match, announced, counted, and itself a
version.
"""

import logging
from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from notes_service.domain.errors import (
    NotAllowed,
    NoteGone,
    VersionDeleted,
    VersionIsCurrent,
    VersionNotFound,
)
from notes_service.domain.limits import Draft
from notes_service.domain.notes import Caller
from notes_service.domain.versions import Origin, Version, WholeVersion
from notes_service.representations import Json
from notes_service.store import notes
from notes_service.store.database import Database
from notes_service.store.history import versions
from notes_service.use_cases import changes
from notes_service.use_cases.notes import Notes

log = logging.getLogger(__name__)

_ALL: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Versions:
    """What people do with a note's versions. The errors are those of `domain`."""

    database: Database
    notes: Notes
    now: Callable[[], datetime]

    async def page(
        self, key: str, *, before: int | None, limit: int
    ) -> tuple[list[Version], int | None]:
        """Return versions, newest first, and before which the next page begins, if any do."""
        below = _ALL if before is None else min(before, _ALL)
        async with self.database.statements() as connection:
            note = await changes.live_summary(connection, key)
            found = await versions.page(connection, note.id, before=below, limit=limit + 1)
        newest = found[0].version if found else 0
        if newest < note.version < below:
            found.insert(0, versions.of_note(note))
        shown = found[:limit]
        return shown, shown[-1].version if len(found) > limit else None

    async def get(self, key: str, version: int) -> WholeVersion:
        """Return the version with its text; raise VersionNotFound or VersionDeleted."""
        async with self.database.statements() as connection:
            note = await changes.live_summary(connection, key)
            found = await versions.get(connection, note.id, version)
            if found is None and version == note.version:
                current = await changes.live_source(connection, key)
                found = WholeVersion(versions.of_note(current.summary), current.body)
        return _readable(found)

    async def restore(
        self,
        key: str,
        version: int,
        *,
        caller: Caller,
        expected: Set[int],
        idempotency_key: str | None,
    ) -> Json:
        """Save the version's text anew, and return the note as JSON, as `Notes.edit` does."""
        caller.must_write()
        source = await self._source(key, version)
        return await self.notes.edit(
            key,
            caller=caller,
            expected=expected,
            draft=Draft(source.version.title, source.body),
            idempotency_key=idempotency_key,
            origin=Origin("restore", version),
        )

    async def delete(self, key: str, version: int, *, caller: Caller) -> None:
        """Delete the version's title and body for good, for administrators.

        Raises VersionIsCurrent, VersionNotFound or VersionDeleted.
        """
        if not caller.is_admin:
            raise NotAllowed("a version is deleted by an administrator")
        async with self.database.statements() as connection:
            note = await changes.live_summary(connection, key)
            if version == note.version:
                raise VersionIsCurrent
            if not await versions.delete(
                connection, note.id, version, by=caller.person, now=self.now()
            ):
                _readable(await versions.get(connection, note.id, version))
        log.info("version %d of %s deleted by %s", version, key, caller.person.id)

    async def _source(self, key: str, version: int) -> WholeVersion:
        try:
            return await self.get(key, version)
        except NoteGone:
            # A repeated request may find the note in the trash by now, and gets its answer.
            async with self.database.statements() as connection:
                gone = await notes.last_deleted(connection, key)
                if gone is None:
                    raise
                return _readable(await versions.get(connection, gone.summary.id, version))


def _readable(found: WholeVersion | None) -> WholeVersion:
    if found is None:
        raise VersionNotFound
    if found.version.deleted:
        raise VersionDeleted
    return found
