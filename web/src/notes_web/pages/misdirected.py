"""Asked by another name than PUBLIC_URL's: told where Notes is, and given nothing of it.

Else any name that somebody binds to our address would be a site whose scripts read ours. What
tells of no note and no person is answered whatever the name: checks of health, metrics (which
the edge keeps inside), and the files of the page itself.
"""

from typing import Final
from urllib.parse import quote

from jinja2 import Environment
from service_kit.asgi import problem
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from notes_web.assets import Assets
from notes_web.origins import is_asked_for, origin_of
from notes_web.request_context import wants_json

_ANY_NAME: Final = frozenset({"/health", "/ready", "/metrics"})
_LONGEST: Final = 500


class OneName:
    """Middleware that answers 421 to every other Host than PUBLIC_URL's."""

    def __init__(
        self, app: ASGIApp, *, public_url: str, templates: Environment, assets: Assets
    ) -> None:
        self._app, self._templates, self._assets = app, templates, assets
        self._public_url = public_url.rstrip("/")
        self._site = origin_of(public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs the app if the request names this site, else answers 421."""
        if scope["type"] != "http" or self._is_fine(Request(scope)):
            await self._app(scope, receive, send)
        else:
            await self._misdirected(Request(scope))(scope, receive, send)

    def _is_fine(self, request: Request) -> bool:
        path = request.scope["path"]
        if path in _ANY_NAME or path.startswith("/assets/"):
            return True
        return self._site is not None and is_asked_for(
            self._site, request.headers.getlist("Host")
        )

    def _misdirected(self, request: Request) -> Response:
        path = request.scope["path"]
        if wants_json(request) or path.startswith(("/api/", "/live/")):
            told = f"Notes is at {self._public_url}"
            return problem(421, "misdirected_request", told, url=self._public_url)
        page = self._templates.get_template("misdirected.html").render(
            public_url=self._public_url,
            there=self._public_url + _place(request),
            asset=self._assets.url,
        )
        return HTMLResponse(page, status_code=421)


def _place(request: Request) -> str:
    """The same page there, where it can be asked for again."""
    query = request.scope["query_string"].decode("latin-1")
    place = quote(request.scope["path"]) + (f"?{quote(query, safe='=&%+')}" if query else "")
    return place if request.method == "GET" and len(place) <= _LONGEST else "/"
