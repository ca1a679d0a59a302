"""The use cases of comments.

A comment counts in its note's row, so adding and removing lock that row first: the events of
one note leave in the order of its commits, and the count in them is right.
"""

from collections.abc import AsyncIterator, Callable, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from service_kit.logs import area
from sqlalchemy.ext.asyncio import AsyncConnection

from notes_service import messages, representations
from notes_service.domain import limits, rules
from notes_service.domain.errors import CommentConflict, CommentNotFound, NotAllowed
from notes_service.domain.events import CommentCreated
from notes_service.domain.notes import (
    Caller,
    Comment,
    CommentVersion,
    Deletion,
    NoteSummary,
)
from notes_service.metrics import Metrics
from notes_service.representations import Json
from notes_service.store import comments, deleted_comments, notes, outbox
from notes_service.store.database import Database
from notes_service.text.rendering import Renderer
from notes_service.text.turns import Purpose
from notes_service.use_cases.changes import live_summary
from notes_service.use_cases.idempotency import Idempotency
from notes_service.use_cases.quota import Quota

trace = area("notes:store")


@dataclass(frozen=True, slots=True)
class Discussion:
    """A part of a note's comments, oldest first; `earlier` is the id to ask for more before."""

    comments: list[Comment]
    earlier: int | None
    total: int


@dataclass(frozen=True, slots=True)
class Comments:
    """What people do with comments. The errors are those of `domain`."""

    database: Database
    idempotency: Idempotency
    renderer: Renderer
    quota: Quota
    metrics: Metrics
    wake_relay: Callable[[], None]
    now: Callable[[], datetime]

    async def latest(self, key: str, *, before: int | None, limit: int) -> Discussion:
        """Return the note's last comments, or the last before the one with that id."""
        async with self.database.statements() as connection:
            note = await live_summary(connection, key)
            found = await comments.latest(connection, note.id, before=before, limit=limit + 1)
        shown = found[:limit]
        has_more = len(found) > limit
        return Discussion(shown[::-1], shown[-1].id if has_more else None, note.comments)

    async def get(self, key: str, comment_id: int) -> Comment:
        """Return the comment; raise CommentNotFound if the note has none with this id."""
        async with self.database.statements() as connection:
            note = await live_summary(connection, key)
            return await _comment(connection, note, comment_id)

    async def versions(
        self, key: str, comment_id: int, *, caller: Caller
    ) -> list[CommentVersion]:
        """Return the comment's former texts, newest first; raise NotAllowed."""
        async with self.database.statements() as connection:
            note = await live_summary(connection, key)
            comment = await _comment(connection, note, comment_id)
            if not rules.may_see_versions(comment, caller):
                raise NotAllowed("its author and administrators see what a comment was")
            return await comments.versions(connection, comment.id, limit=comments.FORMER_KEPT)

    async def add(
        self, key: str, *, caller: Caller, text: str, idempotency_key: str | None
    ) -> Json:
        """Return the new comment as JSON: a repeated request gets what the first one got."""
        caller.must_write()
        comment_text = limits.comment_text(text)
        html = await self.renderer.comment(
            comment_text, by=caller.person.id, purpose=Purpose.SAVE
        )

        async def work(connection: AsyncConnection) -> Json:
            reservation.take()
            note = await live_summary(connection, key, lock=True)
            comment = await comments.add(
                connection,
                note.id,
                author=caller.person,
                text=comment_text,
                html=html,
                now=self.now(),
            )
            event = CommentCreated(
                by=caller.person,
                at=comment.created_at,
                key=note.key,
                comment=comment,
                comments=note.comments + 1,
            )
            await notes.count_comments(connection, note.id, event.comments)
            await outbox.add(connection, messages.encode(event, uuid4))
            return representations.comment(comment)

        async with self.quota.reserve(caller.person.id, comment_text) as reservation:
            answer, is_new = await self.idempotency.run(
                work,
                key=idempotency_key,
                by=caller.person,
                request=("comment", key, comment_text),
            )
        if is_new:
            self._committed("comment", key)
        return answer

    async def edit(
        self,
        key: str,
        comment_id: int,
        *,
        caller: Caller,
        expected: Set[int],
        text: str,
        idempotency_key: str | None,
    ) -> Json:
        """Return the changed comment as JSON: a repeated request gets what the first one got.

        Raises CommentConflict, with the comment as it reads now, unless it is at one of the
        `expected` versions.
        """
        caller.must_write()
        comment_text = limits.comment_text(text)
        html = await self.renderer.comment(
            comment_text, by=caller.person.id, purpose=Purpose.SAVE
        )

        async def work(connection: AsyncConnection) -> Json:
            note = await live_summary(connection, key, lock=True)
            before = await _comment(connection, note, comment_id)
            event = rules.edit_comment(
                *(note, before, comment_text, html),
                caller=caller,
                expected=expected,
                now=self.now(),
            )
            if before.text == comment_text:
                return representations.comment(before)
            reservation.take()
            await comments.edit(connection, event.comment)
            await outbox.add(connection, messages.encode(event, uuid4))
            return representations.comment(event.comment)

        read = ",".join(map(str, sorted(expected)))
        async with (
            self._conflicts_explained(key, comment_id),
            self.quota.reserve(caller.person.id, comment_text) as reservation,
        ):
            answer, is_new = await self.idempotency.run(
                work,
                key=idempotency_key,
                by=caller.person,
                request=("edit comment", key, str(comment_id), read, comment_text),
            )
        if is_new:
            self._committed("edit-comment", key)
        return answer

    async def remove(self, key: str, comment_id: int, *, caller: Caller) -> None:
        """Delete the comment, for its author and administrators; `restore` brings it back.

        Raises CommentNotFound or NotAllowed.
        """
        caller.must_write()
        async with self.database.transaction() as connection:
            note = await live_summary(connection, key, lock=True)
            comment = await _comment(connection, note, comment_id)
            event = rules.delete_comment(note, comment, caller=caller, now=self.now())
            await deleted_comments.put(connection, comment, Deletion(event.by, event.at))
            await notes.count_comments(connection, note.id, event.comments)
            await outbox.add(connection, messages.encode(event, uuid4))
        self._committed("uncomment", key)

    async def restore(
        self, key: str, comment_id: int, *, caller: Caller, idempotency_key: str | None
    ) -> Json:
        """Return the comment as JSON, back in its place; raise CommentNotFound, NotAllowed."""
        caller.must_write()

        async def work(connection: AsyncConnection) -> Json:
            note = await live_summary(connection, key, lock=True)
            if there := await comments.get(connection, note.id, comment_id):
                return representations.comment(there)
            deleted = await deleted_comments.get(connection, note.id, comment_id)
            if deleted is None:
                raise CommentNotFound
            event = rules.restore_comment(note, deleted, caller=caller, now=self.now())
            await deleted_comments.bring_back(connection, event.comment)
            await notes.count_comments(connection, note.id, event.comments)
            await outbox.add(connection, messages.encode(event, uuid4))
            return representations.comment(event.comment)

        request = ("restore comment", key, str(comment_id))
        answer, is_new = await self.idempotency.run(
            work, key=idempotency_key, by=caller.person, request=request
        )
        if is_new:
            self._committed("restore-comment", key)
        return answer

    @asynccontextmanager
    async def _conflicts_explained(self, key: str, comment_id: int) -> AsyncIterator[None]:
        """Give a conflict the comment as it reads now."""
        try:
            yield
        except CommentConflict as conflict:
            self.metrics.conflicts.inc()
            now = await self.get(key, comment_id)
            conflict.comment = representations.comment(now)
            raise

    def _committed(self, kind: str, key: str) -> None:
        trace.debug("committed %s of %s", kind, key)
        self.metrics.saves.labels(kind).inc()
        self.wake_relay()


async def _comment(connection: AsyncConnection, note: NoteSummary, comment_id: int) -> Comment:
    found = await comments.get(connection, note.id, comment_id)
    if found is None:
        raise CommentNotFound
    return found
