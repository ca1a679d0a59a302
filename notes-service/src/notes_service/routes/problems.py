"""The whole mapping from refusals to HTTP, and what OpenAPI says of it."""

from typing import Any, Final

from fastapi import FastAPI, Request, status
from fastapi.responses import JSONResponse
from service_kit.asgi import problem

from notes_service import errors
from notes_service.errors import NoteError

# A test fails if an error is missing here.
STATUS: Final[dict[type[NoteError], int]] = {
    errors.Unauthenticated: status.HTTP_401_UNAUTHORIZED,
    errors.TokenRevoked: status.HTTP_401_UNAUTHORIZED,
    errors.NotAllowed: status.HTTP_403_FORBIDDEN,
    errors.NoteNotFound: status.HTTP_404_NOT_FOUND,
    errors.CommentNotFound: status.HTTP_404_NOT_FOUND,
    errors.NoteExists: status.HTTP_409_CONFLICT,
    errors.NoteGone: status.HTTP_410_GONE,
    errors.VersionConflict: status.HTTP_412_PRECONDITION_FAILED,
    errors.IfMatchRequired: status.HTTP_428_PRECONDITION_REQUIRED,
    errors.InvalidKey: 422,
    errors.InvalidTitle: 422,
    errors.InvalidBody: 422,
    errors.BodyTooLong: 422,
    errors.InvalidComment: 422,
    errors.InvalidCursor: 422,
    errors.InvalidSearch: 422,
    errors.InvalidIdempotencyKey: 422,
    errors.IdempotencyKeyReused: 422,
    errors.QuotaSpent: status.HTTP_429_TOO_MANY_REQUESTS,
    errors.Unavailable: status.HTTP_503_SERVICE_UNAVAILABLE,
}

_HEADERS: Final[dict[type[NoteError], dict[str, str]]] = {
    errors.Unauthenticated: {"WWW-Authenticate": "Bearer"},
    errors.TokenRevoked: {"WWW-Authenticate": 'Bearer error="invalid_token"'},
    errors.Unavailable: {"Retry-After": "1"},
}
_ALWAYS: Final = (400, 401, 422, 503)
_PROBLEM: Final = {"$ref": "#/components/schemas/ProblemOut"}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These refusals, and those that every route may answer, for a route's `responses`."""
    content = {"application/problem+json": {"schema": _PROBLEM}}
    return {
        each: {"description": _said_with(each), "content": content}
        for each in sorted({*statuses, *_ALWAYS})
    }


def install(app: FastAPI) -> None:
    app.add_exception_handler(NoteError, _on_note_error)


async def _on_note_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, NoteError)
    kind = type(error)
    headers = dict(_HEADERS.get(kind, {}))
    if isinstance(error, errors.VersionConflict):
        headers["ETag"] = f'"{error.actual}"'
    if isinstance(error, errors.QuotaSpent):
        headers["Retry-After"] = str(error.retry_after)
    return problem(STATUS[kind], error.code, str(error), headers=headers, **error.facts)


def _said_with(status_code: int) -> str:
    codes = [kind.code for kind, given in STATUS.items() if given == status_code]
    return ", ".join(f"`{code}`" for code in codes) or "the request is not understood"
