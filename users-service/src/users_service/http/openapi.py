"""What OpenAPI says of both interfaces beyond what FastAPI finds out by itself."""

from http import HTTPStatus
from typing import Any, Final

Responses = dict[int | str, dict[str, Any]]

_TEXT: Final = {"type": "string"}
_MAYBE: Final = {"type": ["string", "null"]}
_LIST: Final = {"type": ["array", "null"], "items": {}}

_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "code": {**_TEXT, "description": "stable: switch on it"},
        "detail": _TEXT,
    },
}
_REFUSAL: Final = {
    "type": "object",
    "properties": {"code": _TEXT, "message": _TEXT},
    "description": "as restify says it; {} where the original said no more",
}
_PROFILE: Final = {
    "password": {**_MAYBE, "description": "in clear, or a bcrypt hash"},
    "provider": _MAYBE,
    "familyName": _MAYBE,
    "givenName": _MAYBE,
    "middleName": _MAYBE,
    "emails": _LIST,
    "photos": _LIST,
}


def problems(*statuses: int) -> Responses:
    """Return OpenAPI responses for these statuses as problem details (RFC 9457)."""
    return _responses(statuses, "application/problem+json", _PROBLEM)


def refusals(*statuses: int) -> Responses:
    """Return OpenAPI responses for these statuses in the form of the original service."""
    return _responses(statuses, "application/json", _REFUSAL)


def user_body(*, with_name: bool) -> dict[str, Any]:
    """Return the request body of an account, as JSON or a form, with or without `username`."""
    named = {"username": _TEXT} if with_name else {}
    return _body({**named, **_PROFILE}, required=list(named))


def password_body() -> dict[str, Any]:
    """Return the request body of a password check, as JSON or a form."""
    return _body({"username": _TEXT, "password": _TEXT}, required=["username", "password"])


def _body(properties: dict[str, Any], *, required: list[str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required}
    types = ("application/json", "application/x-www-form-urlencoded")
    content = {media_type: {"schema": schema} for media_type in types}
    return {"requestBody": {"required": bool(required), "content": content}}


def _responses(statuses: tuple[int, ...], media_type: str, schema: Any) -> Responses:
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {media_type: {"schema": schema}},
        }
        for status in statuses
    }
