"""/v1/trash, and bringing a note back from there."""

from typing import Final

from fastapi import APIRouter, Response

from notes_service import representations
from notes_service.domain.notes import NoteSummary
from notes_service.representations import NoteOut, TrashOut
from notes_service.routes.answers import CursorParameter, IdempotencyKey, Limit, answer, page
from notes_service.routes.bearer import SignedIn
from notes_service.routes.conditions import etag, parse_cursor
from notes_service.routes.notes import UseCases
from notes_service.routes.problems import documented
from notes_service.store.lists import Cursor

router: Final = APIRouter(prefix="/v1", tags=["trash"])


@router.get("/trash", response_model=TrashOut, responses=documented())
async def list_trash(
    me: SignedIn, notes: UseCases, cursor: CursorParameter = None, limit: Limit = 50
) -> Response:
    """What the caller may restore, last deleted first."""
    found = await notes.trash(me, after=parse_cursor(cursor), limit=limit + 1)
    return page(found, limit, representations.trashed, _place)


@router.post(
    "/notes/{key}/restore", response_model=NoteOut, responses=documented(403, 404, 409, 429)
)
async def restore_note(
    key: str, me: SignedIn, notes: UseCases, idempotency_key: IdempotencyKey = None
) -> Response:
    """For its author, its deleter and administrators."""
    restored = await notes.restore(key, caller=me, idempotency_key=idempotency_key)
    return answer(restored, headers={"ETag": etag(restored["version"])})


def _place(note: NoteSummary) -> Cursor:
    assert note.deletion is not None
    return Cursor(note.deletion.at, note.id)
