"""The parameters of the original's interface, read as the original read them.

A JSON or form body gives the parameters; any other body gives none, and neither does the query
string. The outcome is `AccountFields` that can be stored, or an error.
"""

import json
import re
from typing import Any, Final, NoReturn, cast

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from users_service.domain.accounts import AccountFields, given_text
from users_service.domain.errors import InvalidField

PASSWORD_LIMIT: Final = 1024
_LIST_LIMIT: Final = 2048
_JSON = re.compile(r"application/([\w.-]+\+)?json")
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_IN_PARTS = b"multipart/form-data"
_LIST_FIELD = re.compile(r"(emails|photos)(\[\d*\])?")
_TEXTS: Final = {
    "provider": "provider",
    "familyName": "family_name",
    "givenName": "given_name",
    "middleName": "middle_name",
}


async def read(request: Request) -> dict[str, Any]:
    """Return the parameters of a JSON or form body; {} for any other.

    Raises HTTPException 400 if the body says it is JSON and is not, and 415 for a form in parts
    that is not UTF-8.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if _JSON.fullmatch(media_type):
        return _from_json(await request.body())
    if media_type in _FORMS:
        kind, told = parse_options_header(request.headers["content-type"])
        # Python knows charsets that fail, make no text, or take seconds for 160 kB.
        if kind == _IN_PARTS and told.get(b"charset", b"utf-8").lower() != b"utf-8":
            raise HTTPException(415, "A form is UTF-8")
        async with request.form(max_files=0, max_fields=100) as form:
            return _from_form(form)
    return {}


def text(sent: dict[str, Any], field: str) -> str:
    """Return a parameter that must be given, and may be empty; raise InvalidField."""
    value = _text(field, sent.get(field))
    if value is None:
        raise InvalidField(field, "is missing")
    return value


def username(sent: dict[str, Any]) -> str:
    """Return the username as it was sent; raise InvalidField if it is missing or blank."""
    said = text(sent, "username")
    if not said.strip():
        raise InvalidField("username", "is missing")
    return said


def password(sent: dict[str, Any]) -> str | None:
    """Return the password, or None if it was not sent; raise InvalidField."""
    value = sent.get("password")
    if value is not None and not isinstance(value, str):
        raise InvalidField("password", "must be a string")
    if value is not None and len(value) > PASSWORD_LIMIT:
        raise InvalidField("password", f"must have at most {PASSWORD_LIMIT} characters")
    return value


def account_fields(sent: dict[str, Any]) -> AccountFields:
    """Return the fields that were sent; raise InvalidField.

    An absent parameter changes nothing, null clears the field.
    """
    found: dict[str, Any] = {}
    if "password" in sent:
        found["password"] = password(sent)
    for parameter, field in _TEXTS.items():
        if parameter in sent:
            value = _text(parameter, sent[parameter])
            found[field] = None if value is None else given_text(parameter, value)
    for parameter in ("emails", "photos"):
        if parameter in sent:
            found[parameter] = _list(parameter, sent[parameter])
    return cast("AccountFields", found)


def _text(field: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise InvalidField(field, "must be a string")


def _list(field: str, value: object) -> list[Any] | None:
    if value is None:
        return None
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list):
        raise InvalidField(field, "must be a list")
    stored = json.dumps(values, ensure_ascii=False)
    if len(stored) > _LIST_LIMIT or "\\u0000" in stored:
        raise InvalidField(field, f"must have at most {_LIST_LIMIT} characters and no NUL")
    return values


def _from_json(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        sent = json.loads(body, parse_constant=_refuse_constant)
        # A lone surrogate is JSON, but no text that could be stored or sent back.
        json.dumps(sent, ensure_ascii=False, allow_nan=False).encode()
    except json.JSONDecodeError as error:
        raise HTTPException(400, f"Invalid JSON: {error}") from error
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "Invalid JSON") from error
    if not isinstance(sent, dict):
        raise HTTPException(400, "Invalid JSON: not an object")
    return sent


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


def _from_form(form: FormData) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    for field, value in form.multi_items():
        if listed := _LIST_FIELD.fullmatch(field):
            sent.setdefault(listed[1], []).append(value)
        else:
            sent.setdefault(field, value)
    return sent
