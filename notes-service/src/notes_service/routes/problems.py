"""The whole mapping from errors to HTTP, and what OpenAPI says of it."""

from typing import Any, Final

from fastapi import FastAPI, Request, status
from fastapi.responses import JSONResponse
from service_kit.asgi import problem

from notes_service.domain import errors, limits
from notes_service.domain.errors import InvalidInput, NoteError

_INVALID: Final = [
    kind
    for module in (limits, errors)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, InvalidInput) and "code" in vars(kind)
]

# A test fails if an error is missing here.
STATUS: Final[dict[type[NoteError], int]] = {
    errors.Unauthenticated: status.HTTP_401_UNAUTHORIZED,
    errors.TokenRevoked: status.HTTP_401_UNAUTHORIZED,
    errors.NotAllowed: status.HTTP_403_FORBIDDEN,
    errors.NoteNotFound: status.HTTP_404_NOT_FOUND,
    errors.CommentNotFound: status.HTTP_404_NOT_FOUND,
    errors.VersionNotFound: status.HTTP_404_NOT_FOUND,
    errors.NoteExists: status.HTTP_409_CONFLICT,
    errors.VersionIsCurrent: status.HTTP_409_CONFLICT,
    errors.NoteGone: status.HTTP_410_GONE,
    errors.VersionDeleted: status.HTTP_410_GONE,
    errors.VersionConflict: status.HTTP_412_PRECONDITION_FAILED,
    errors.CommentConflict: status.HTTP_412_PRECONDITION_FAILED,
    **dict.fromkeys(_INVALID, 422),
    errors.IfMatchRequired: status.HTTP_428_PRECONDITION_REQUIRED,
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
    """Return a route's `responses`: these errors, and those that every route may answer."""
    content = {"application/problem+json": {"schema": _PROBLEM}}
    return {
        each: {"description": _codes_of(each), "content": content}
        for each in sorted({*statuses, *_ALWAYS})
    }


def install(app: FastAPI) -> None:
    """Answer every NoteError as problem details."""
    app.add_exception_handler(NoteError, _on_note_error)


async def _on_note_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, NoteError)
    kind = type(error)
    headers = dict(_HEADERS.get(kind, {}))
    if isinstance(error, errors.VersionConflict | errors.CommentConflict):
        headers["ETag"] = f'"{error.actual}"'
    if isinstance(error, errors.QuotaSpent):
        headers["Retry-After"] = str(error.retry_after)
    return problem(STATUS[kind], error.code, str(error), headers=headers, **error.facts)


def _codes_of(status_code: int) -> str:
    codes = [kind.code for kind, given in STATUS.items() if given == status_code]
    return ", ".join(f"`{code}`" for code in codes) or "the request is not understood"
