"""/v1/notes/{key}/versions."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Response
from service_kit.asgi import from_state

from notes_service import representations
from notes_service.representations import NoteOut, VersionsOut, WholeVersionOut
from notes_service.routes.answers import CursorParameter, IdempotencyKey, Limit, answer
from notes_service.routes.bearer import Reader, SignedIn
from notes_service.routes.conditions import (
    Expected,
    etag,
    format_number_cursor,
    parse_number_cursor,
)
from notes_service.routes.problems import documented
from notes_service.use_cases.versions import Versions

router: Final = APIRouter(prefix="/v1/notes/{key}/versions", tags=["versions"])


UseCases = Annotated[Versions, Depends(from_state("versions"))]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Before = Annotated[
    int | None, Query(ge=1, le=2**31 - 1, description="Only versions of lower numbers")
]


@router.get("", response_model=VersionsOut, responses=documented(404, 410))
async def list_versions(
    key: str,
    me: Reader,
    versions: UseCases,
    cursor: CursorParameter = None,
    before: Before = None,
    limit: Limit = 50,
) -> Response:
    """Every text that was saved, newest first; without bodies."""
    bounds = [each for each in (before, parse_number_cursor(cursor)) if each is not None]
    shown, following = await versions.page(key, before=min(bounds, default=None), limit=limit)
    content = {
        "versions": [representations.version(each) for each in shown],
        "next": None if following is None else format_number_cursor(following),
    }
    return answer(content)


@router.get("/{version}", response_model=WholeVersionOut, responses=documented(404, 410))
async def get_version(key: str, version: Number, me: Reader, versions: UseCases) -> Response:
    """A version with its body; 410 `version_deleted` if an administrator deleted it."""
    return answer(representations.whole_version(await versions.get(key, version)))


@router.post(
    "/{version}/restore",
    response_model=NoteOut,
    responses=documented(403, 404, 410, 412, 413, 428, 429),
)
async def restore_version(
    key: str,
    version: Number,
    me: SignedIn,
    versions: UseCases,
    expected: Expected,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Save its text anew, over the version you read; answers as a save does."""
    restored = await versions.restore(
        key, version, caller=me, expected=expected, idempotency_key=idempotency_key
    )
    return answer(restored, headers={"ETag": etag(restored["version"])})


@router.delete("/{version}", status_code=204, responses=documented(403, 404, 409, 410))
async def delete_version(
    key: str, version: Number, me: SignedIn, versions: UseCases
) -> Response:
    """For administrators, and never the current one. Its text is gone for good.

    Number, person and time stay in the list. A repeated request answers 410.
    """
    await versions.delete(key, version, caller=me)
    return Response(status_code=204)
