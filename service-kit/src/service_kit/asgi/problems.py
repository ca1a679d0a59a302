"""The one error response of this system: problem details (RFC 9457) with a stable `code`."""

from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    **facts: Any,
) -> JSONResponse:
    """Return the one error response of this system (RFC 9457); clients switch on `code`."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    return JSONResponse(
        {**body, "detail": detail, **facts},
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what Starlette and routes raise by status; the code is the status's name."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers) if error.headers else None
    return problem(status, status.name.lower(), str(error.detail), headers=headers)


async def on_invalid_request(request: Request, error: Exception) -> Response:
    """Answer 422 with the fields that do not fit, or 400 for a body that is no JSON."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return problem(400, "invalid_json", "the body is not JSON")
    # Never `input`: what was typed may be a secret.
    fields = [
        {"field": ".".join(str(part) for part in each["loc"]), "message": each["msg"]}
        for each in found
    ]
    return problem(422, "invalid_request", "the request does not fit", errors=fields)
