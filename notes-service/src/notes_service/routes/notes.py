"""/v1/notes and /v1/notes/{key}."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response
from service_kit.asgi import from_state

from notes_service import representations
from notes_service.domain.errors import Unauthenticated
from notes_service.domain.notes import NoteSummary
from notes_service.representations import Json, LookedIn, NewNoteIn, NoteIn, NoteOut, NotesOut
from notes_service.routes.answers import CursorParameter, IdempotencyKey, Limit, answer, page
from notes_service.routes.bearer import Reader, SignedIn
from notes_service.routes.conditions import (
    Expected,
    IfNoneMatch,
    etag,
    format_cursor,
    is_known,
    parse_cursor,
)
from notes_service.routes.problems import documented
from notes_service.store.lists import Cursor, Order
from notes_service.use_cases.finding import Finding, Hits
from notes_service.use_cases.looked import Looked
from notes_service.use_cases.notes import Notes

router: Final = APIRouter(prefix="/v1/notes", tags=["notes"])


UseCases = Annotated[Notes, Depends(from_state("notes"))]
LookedAt = Annotated[Looked, Depends(from_state("looked"))]


@router.get("", response_model=NotesOut, responses=documented())
async def list_notes(
    me: Reader,
    notes: UseCases,
    finding: Annotated[Finding, Depends(from_state("finding"))],
    looked: LookedAt,
    q: Annotated[str, Query(description='Words, "phrases", -without, OR')] = "",
    mine: Annotated[bool, Query(description="Only notes that the caller wrote")] = False,
    sort: Annotated[
        Order, Query(description="By last change, by age, or by title; a search has its own")
    ] = Order.CHANGED,
    cursor: CursorParameter = None,
    limit: Limit = 50,
) -> Response:
    """Newest change first if not asked otherwise; what was looked for as well as it matches."""
    if mine and me is None:
        raise Unauthenticated
    author_id = me.person.id if mine and me else None
    if q.strip():
        hits = await finding.find(
            q, after=parse_cursor(cursor), limit=limit, author_id=author_id
        )
        return _found(hits, await looked.versions([hit.note for hit in hits.hits], caller=me))
    after = parse_cursor(cursor, by_title=sort is Order.TITLE)
    if sort is Order.TITLE:
        titled = await notes.by_title(after=after, limit=limit + 1, author_id=author_id)
        known = await looked.versions([note for note, _ in titled], caller=me)
        return page(titled, limit, lambda each: _row(each[0], known), lambda each: each[1])
    found = await notes.newest(after=after, limit=limit + 1, author_id=author_id, order=sort)
    known = await looked.versions(found, caller=me)
    is_by_age = sort is Order.CREATED
    return page(
        found,
        limit,
        lambda note: _row(note, known),
        lambda note: Cursor(note.created_at if is_by_age else note.updated_at, note.id),
    )


def _row(note: NoteSummary, known: Mapping[int, int]) -> Json:
    return representations.looked_at(representations.summary(note), known.get(note.id))


def _found(hits: Hits, known: Mapping[int, int]) -> Response:
    following = format_cursor(hits.hits[-1].cursor) if hits.has_more else None
    shown = [
        representations.looked_at(
            representations.found(hit.note, title=hit.title, passage=hit.passage),
            known.get(hit.note.id),
        )
        for hit in hits.hits
    ]
    return answer({"notes": shown, "next": following, "total": hits.total})


@router.post(
    "", response_model=NoteOut, status_code=201, responses=documented(403, 409, 413, 429)
)
async def create_note(
    note: NewNoteIn,
    me: SignedIn,
    notes: UseCases,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Create a note, for editors."""
    created = await notes.create(
        caller=me,
        key=note.key,
        draft=note.draft(),
        idempotency_key=idempotency_key,
        origin=note.origin(),
    )
    place_of_it = {"Location": f"/v1/notes/{created['key']}"}
    return answer(created, 201, {**place_of_it, "ETag": etag(created["version"])})


@router.get(
    "/{key}",
    response_model=NoteOut,
    responses={304: {"description": "the client's copy is current"}, **documented(404, 410)},
)
async def get_note(
    key: str,
    me: Reader,
    notes: UseCases,
    looked: LookedAt,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Read a note; 304 if the version in If-None-Match is current."""
    note = await notes.get(key)
    tag = {"ETag": etag(note.summary.version)}
    if is_known(note.summary.version, if_none_match):
        return Response(status_code=304, headers=tag)
    known = await looked.versions([note.summary], caller=me)
    seen = representations.looked_at(representations.note(note), known.get(note.summary.id))
    return answer(seen, headers=tag)


@router.put("/{key}/looked", status_code=204, responses=documented(404, 410))
async def put_looked(key: str, seen: LookedIn, me: SignedIn, looked: LookedAt) -> Response:
    """The caller looked at this version: their other devices know what changed since.

    An earlier version than before changes nothing. A person's last 1000 notes are kept.
    """
    await looked.put(key, seen.version, caller=me)
    return Response(status_code=204)


@router.put(
    "/{key}",
    response_model=NoteOut,
    responses=documented(403, 404, 410, 412, 413, 428, 429),
)
async def edit_note(
    key: str,
    note: NoteIn,
    me: SignedIn,
    notes: UseCases,
    expected: Expected,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Replace title and body of the version you read; 412 carries the note as it reads now."""
    edited = await notes.edit(
        key,
        caller=me,
        expected=expected,
        draft=note.draft(),
        idempotency_key=idempotency_key,
        origin=note.origin(),
    )
    return answer(edited, headers={"ETag": etag(edited["version"])})


@router.delete("/{key}", status_code=204, responses=documented(403, 404, 410, 412, 428))
async def delete_note(key: str, me: SignedIn, notes: UseCases, expected: Expected) -> Response:
    """Into the trash: it can be restored for 30 days.

    A repeated request answers 410, and its `by` tells who deleted the note.
    """
    await notes.delete(key, caller=me, expected=expected)
    return Response(status_code=204)
