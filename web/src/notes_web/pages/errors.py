"""Every failure as a page that says what happened and what to do next; JSON for islands.

An error page knows who is signed in, and gives back what was typed.
"""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from service_kit.asgi import problem
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from notes_web.clients.http import Refused, Unreachable
from notes_web.csrf import CsrfError
from notes_web.pages import saved_form
from notes_web.pages.account import reauthentication
from notes_web.pages.sign_in import login
from notes_web.request_context import SignInNeeded, context_of, wants_json

log = logging.getLogger(__name__)

HANDLED = (Refused, Unreachable, CsrfError, SignInNeeded, HTTPException, RequestValidationError)

# What happened, and what to do next, by status.
TEXTS = {
    400: ("Bad request", "Go back and try again."),
    401: ("Sign in first", "This needs an account. Sign in, and you come back here."),
    403: (
        "Not allowed",
        "Your account does not have permission for this. An administrator can change that.",
    ),
    404: ("Page not found", "There is no page at this address."),
    405: (
        "Method not allowed",
        "This address cannot be used this way. Start again from the list of notes.",
    ),
    409: ("Someone else changed this first", "Look at the current version, then try again."),
    410: ("This note was deleted", "It stays in the trash for 30 days."),
    412: ("Someone else saved this first", "Open the note again to see the current version."),
    413: ("That is too large", "A note holds at most 256 KiB. Shorten it, or make two."),
    422: ("That is not valid", "Go back, check what you typed, and try again."),
    428: ("Version missing", "Open the note again and repeat your change."),
    429: ("Too many requests", "Wait a moment, then try again."),
    500: (
        "Something went wrong",
        "The error was logged. Check what was saved before you try again.",
    ),
    503: (
        "Temporarily unavailable",
        "A part of Notes is not responding. Try again in a moment.",
    ),
}
# What is not there, by the beginning of its address.
MISSING = {
    "/notes/": "There is no note at this address. It may have been renamed, or never existed.",
    "/admin/accounts/": "There is no such account. It may have been deleted.",
    "/admin": "There is no such administration page.",
    "/account": "There is no such account page.",
}
# What somebody wrote is in these pages; others have it where it was sent from.
_GIVES_BACK = frozenset({403, 404, 409, 410, 413, 422, 429, 500, 503})
# Where the status does not say it all.
SPECIAL = {
    "stale_page": ("This page was out of date", "Load it again and repeat what you did."),
    "forged": ("Refused", "The request came from another site, so nothing was done."),
    "read_only": (
        "Your account is read-only",
        "It can read notes, but not write them. An administrator can change that.",
    ),
    "version_deleted": (
        "This version was deleted",
        "An administrator deleted its text for good. The note’s other versions are there.",
    ),
    "version_not_found": (
        "No such version",
        "The note has no version of that number. Its history shows those that it has.",
    ),
    "comment_not_found": (
        "No such comment",
        "The note has no comment of that number. It may have been deleted.",
    ),
    "task_changed": ("This task was changed", "Open the note again and tick it there."),
    "busy_note": ("Many people change this note just now", "Wait a moment, then try again."),
    "invalid_search": ("That search is too long", "Use at most 200 characters."),
    "unanswered": (
        "No answer from the server",
        "It may or may not have been done. Check before you try again.",
    ),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What an error comes to: status, code, and the facts of its problem document."""

    status: int
    code: str
    facts: dict[str, Any]


async def respond(request: Request, error: Exception) -> Response:
    """Answers an error with a page, or with a problem document (RFC 9457) for islands."""
    response = await _answer(request, error)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)  # which methods are allowed
    return response


async def _answer(request: Request, error: Exception) -> Response:
    failure = _failure(error)
    if wants_json(request) or request.url.path.startswith(("/live/", "/api/")):
        return problem(failure.status, failure.code, _text(failure)[1], **failure.facts)
    try:
        return await _page(request, error, failure)
    except Exception:
        log.exception("the error page failed")
        return problem(failure.status, failure.code, _text(failure)[1])


async def _page(request: Request, error: Exception, failure: Failure) -> Response:
    here = await context_of(request)
    kept = _kept(request, error)
    if failure.status == 401:
        if here.principal.is_unknown:
            failure = Failure(503, "unavailable", {})
        elif request.method == "GET" and here.account is None:
            return _to_login(request)
        else:
            return await login.login_page(here, status=401, saved_form=kept, next="/")
    if failure.code == reauthentication.CODE:
        return await reauthentication.page(here, request.url.path, _form(request))
    if kept and isinstance(error, CsrfError):
        return here.render("resume.html", status=403, saved_form=kept, why="stale")
    headline, advice = _text(failure)
    if failure.status == HTTPStatus.NOT_FOUND and failure.code not in SPECIAL:
        advice = _missing(request.url.path) or advice
    facts: dict[str, Any] = {"headline": headline, "advice": advice, "facts": failure.facts}
    response = here.render(
        "error.html",
        status=failure.status,
        saved_form=kept if failure.status in _GIVES_BACK else None,
        kept_key=_note_of(request.url.path) if failure.status in (404, 410) else "",
        number=failure.status,
        code=failure.code,
        path=request.url.path,
        q=request.query_params.get("q", "") if request.url.path == "/" else "",
        **facts,
    )
    if failure.status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _failure(error: Exception) -> Failure:
    match error:
        case Refused():
            return Failure(error.status, error.code, error.facts)
        case Unreachable(may_be_done=True):
            return Failure(503, "unanswered", {})
        case Unreachable():
            return Failure(503, "unavailable", {})
        case CsrfError():
            return Failure(403, "stale_page" if error.form is not None else "forged", {})
        case SignInNeeded():
            return Failure(401, "unauthenticated", {})
        case HTTPException():
            status = HTTPStatus(error.status_code)
            return Failure(status, status.name.lower(), {})
        case RequestValidationError():
            return Failure(422, "invalid_request", {})
        case _:
            return Failure(500, "internal_error", {})


def _text(failure: Failure) -> tuple[str, str]:
    if failure.code in SPECIAL:
        return SPECIAL[failure.code]
    nearest = 500 if failure.status >= 500 else 400
    return TEXTS.get(failure.status, TEXTS[nearest])


def _note_of(path: str) -> str:
    """The key of the note that the address is about, else ""."""
    root, _, rest = path.lstrip("/").partition("/")
    return rest.partition("/")[0] if root == "notes" else ""


def _missing(path: str) -> str | None:
    return next((text for begin, text in MISSING.items() if path.startswith(begin)), None)


def _kept(request: Request, error: Exception) -> saved_form.SavedForm | None:
    form = error.form if isinstance(error, CsrfError) else _form(request)
    return saved_form.keep(request.url.path, form) if form else None


def _form(request: Request) -> Any:
    return getattr(request.state, "form", {})


def _to_login(request: Request) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    target = quote(request.url.path + query, safe="/")
    return RedirectResponse(f"/users/login?next={target}", status_code=303)


class LastCatch:
    """Around the routes and the CSRF guard: what they raise becomes a page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs the app; what it raises before its answer starts becomes a page."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False

        async def watched(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if has_started:
                raise
            if not isinstance(error, HANDLED):
                log.exception("unhandled error", extra={"path": scope["path"]})
            response = await respond(Request(scope, receive), error)
            await response(scope, receive, send)
