"""/v1/notes/{key}/comments."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Response
from service_kit.asgi import from_state

from notes_service import representations
from notes_service.representations import (
    CommentIn,
    CommentOut,
    CommentsOut,
    CommentVersionsOut,
)
from notes_service.routes.answers import IdempotencyKey, Limit, answer
from notes_service.routes.bearer import Reader, SignedIn
from notes_service.routes.conditions import (
    Expected,
    etag,
    format_number_cursor,
    parse_number_cursor,
)
from notes_service.routes.problems import documented
from notes_service.use_cases.comments import Comments

router: Final = APIRouter(prefix="/v1/notes/{key}/comments", tags=["comments"])


UseCases = Annotated[Comments, Depends(from_state("comments"))]
CommentId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("", response_model=CommentsOut, responses=documented(404, 410))
async def list_comments(
    key: str,
    me: Reader,
    comments: UseCases,
    before: Annotated[str | None, Query(description="`earlier` of the page before")] = None,
    limit: Limit = 50,
) -> Response:
    """The latest ones, oldest of them first."""
    found = await comments.latest(key, before=parse_number_cursor(before), limit=limit)
    content = {
        "comments": [representations.comment(each) for each in found.comments],
        "earlier": None if found.earlier is None else format_number_cursor(found.earlier),
        "total": found.total,
    }
    return answer(content)


@router.post(
    "",
    response_model=CommentOut,
    status_code=201,
    responses=documented(403, 404, 410, 413, 429),
)
async def add_comment(
    key: str,
    comment: CommentIn,
    me: SignedIn,
    comments: UseCases,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Add a comment, for editors."""
    added = await comments.add(
        key, caller=me, text=comment.text, idempotency_key=idempotency_key
    )
    return answer(added, 201)


@router.get("/{comment_id}", response_model=CommentOut, responses=documented(404, 410))
async def get_comment(
    key: str, comment_id: CommentId, me: Reader, comments: UseCases
) -> Response:
    """Read a comment."""
    comment = await comments.get(key, comment_id)
    content = representations.comment(comment)
    return answer(content, headers={"ETag": etag(comment.version)})


@router.put(
    "/{comment_id}",
    response_model=CommentOut,
    responses=documented(403, 404, 410, 412, 413, 428, 429),
)
async def edit_comment(
    key: str,
    comment_id: CommentId,
    comment: CommentIn,
    me: SignedIn,
    comments: UseCases,
    expected: Expected,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Replace the text of the version you read, for its author.

    412 carries the comment as it reads now.
    """
    edited = await comments.edit(
        key,
        comment_id,
        caller=me,
        expected=expected,
        text=comment.text,
        idempotency_key=idempotency_key,
    )
    return answer(edited, headers={"ETag": etag(edited.get("version", 1))})


@router.get(
    "/{comment_id}/versions",
    response_model=CommentVersionsOut,
    responses=documented(403, 404, 410),
)
async def list_comment_versions(
    key: str, comment_id: CommentId, me: SignedIn, comments: UseCases
) -> Response:
    """The comment's former texts, newest first, for its author and administrators."""
    found = await comments.versions(key, comment_id, caller=me)
    return answer(representations.comment_versions(found))


@router.delete("/{comment_id}", status_code=204, responses=documented(403, 404, 410))
async def remove_comment(
    key: str, comment_id: CommentId, me: SignedIn, comments: UseCases
) -> Response:
    """For its author and administrators; it can be restored for 30 days."""
    await comments.remove(key, comment_id, caller=me)
    return Response(status_code=204)


@router.post(
    "/{comment_id}/restore", response_model=CommentOut, responses=documented(403, 404, 410)
)
async def restore_comment(
    key: str,
    comment_id: CommentId,
    me: SignedIn,
    comments: UseCases,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Bring a deleted comment back, for its author, its deleter and administrators."""
    restored = await comments.restore(
        key, comment_id, caller=me, idempotency_key=idempotency_key
    )
    return answer(restored, headers={"ETag": etag(restored.get("version", 1))})
