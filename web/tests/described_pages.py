"""Pages and forms as an OpenAPI description, made of what the routes of web say themselves.

The fields of a form are those that its module reads. All of it may be missing, and next to any
text may stand everywhere: it is what a stranger can send, not what a page of ours sends.
"""

import inspect
import re
import warnings
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from notes_web.cookies import Cookies
from notes_web.pages import saved_form
from notes_web.pages.notes import draft
from strange_headers import HEADERS, routes_of

# What leads further in than chance does; any other text comes as well.
NEAR = {
    "accept": ["text/html", "application/json"],
    "choice": ["preview", "both", "together", "merge"],
    "then": ["read"],
    "docreate": ["create"],
    "version": ["0", "1", "2"],
    "expires": ["7", "never"],
    "key": ["menu"],
    "notekey": ["menu"],
    "role": ["editor", "admin"],
    "mine": ["1"],
    "before": ["1"],
    "comment": ["1"],
    "provider": ["corp"],
    "account_id": ["ana-id"],
    "code": ["123456"],
    "password": ["correct horse"],
    "old_password": ["correct horse"],
    "confirm_password": ["correct horse"],
    "username": ["ana"],
    "next": ["/notes/menu"],
    "confirm_action": ["/account/delete"],
    "flow": ["prove"],
    "confirm_flow": ["prove"],
    "credential": ['{"id": "x"}', "[]", "{"],
    "confirm_credential": ['{"id": "x"}', "[]", "{"],
}
_OTHERS = ("/health", "/ready", "/metrics", "/assets/{path}", "/{path}", "/admin/{path}")
_COOKIES = (Cookies.SESSION, Cookies.BROWSER, Cookies.MESSAGE, Cookies.FLOW, Cookies.THEME)
# Who asks, and from where, is said by the test.
_NOT_CHOSEN = ("host", "origin", "sec-fetch-site", "x-form-token", "content-type", "csrf")
_READ = re.compile(r'(?:field|secret|number|form\.get)\(f?"(\w+)')
_ALONG = {
    *(f"saved_form_{name}" for name in (*saved_form.FIELDS, "action")),
    *(f"scope_{name}" for name in ("read", "write", "realtime")),
    *("flow", "credential", "confirm_flow", "confirm_credential"),
}


def described(app: FastAPI) -> dict[str, Any]:
    with warnings.catch_warnings():
        # What answers GET answers HEAD, by one function.
        warnings.filterwarnings("ignore", "Duplicate Operation ID")
        document: dict[str, Any] = app.openapi()
    fields = {
        each.path.replace(":path", ""): _fields(each.endpoint)
        for each in routes_of(app.routes)
        if hasattr(each, "endpoint")
    }
    for path in _OTHERS:
        document["paths"][path] = {"get": {}}
    for path, operations in document["paths"].items():
        operations.pop("head", None)
        for method, operation in operations.items():
            _open(operation, path, fields.get(path, set()) if method != "get" else set())
    return document


def _fields(endpoint: Any) -> set[str]:
    module = inspect.getmodule(endpoint)
    assert module is not None
    source = inspect.getsource(module)
    if hasattr(module, "typed"):  # a note's form is read in one place, for several pages
        source += inspect.getsource(draft)
    return {*_READ.findall(source), *_ALONG} - set(_NOT_CHOSEN)


def _open(operation: dict[str, Any], path: str, fields: set[str]) -> None:
    asked = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
    headers = {each.partition(" ")[0] for each in HEADERS} - set(_NOT_CHOSEN)
    operation["parameters"] = [
        *_parameters("path", re.findall(r"\{(\w+)\}", path)),
        *_parameters("query", [*asked, "unasked"]),
        *_parameters("header", sorted(headers)),
        *_parameters("cookie", _COOKIES),
    ]
    operation["responses"] = {"default": {"description": "anything but a mistake of ours"}}
    if fields:
        form = {"schema": {"type": "object", "properties": dict(_texts(fields))}}
        kinds = ("application/x-www-form-urlencoded", "multipart/form-data")
        operation["requestBody"] = {"content": dict.fromkeys(kinds, form)}


def _parameters(where: str, names: Any) -> list[dict[str, Any]]:
    return [
        {"in": where, "name": name, "required": where == "path", "schema": schema}
        for name, schema in _texts(names)
    ]


def _texts(names: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in sorted(names):
        near = NEAR.get(name)
        text = {"type": "string"}
        yield name, {"anyOf": [{"enum": near}, text]} if near else text
