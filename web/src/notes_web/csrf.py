"""Every request that may change something comes from our own pages, or it is refused.

Deny by default, in one place: whatever the route, an unsafe method needs (1) an origin of ours,
by Sec-Fetch-Site or Origin, and (2) the form token that we bound to this browser's session, in
the field `csrf` or the header X-Form-Token. The form is parsed here, once; pages find it in
`request.state.form`.
"""

from python_multipart.multipart import parse_options_header
from service_kit.logs import area
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from notes_web.cookies import Cookies
from notes_web.origins import origin_of
from notes_web.signed_cookies import Signer

debug = area("notes:csrf")

TOKEN = "csrf"  # noqa: S105 - a field's name, and the purpose of the signature
_IN_PARTS = b"multipart/form-data"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class CsrfError(Exception):
    """Refused. `form` is set when the page was ours and only its token was out of date."""

    def __init__(self, why: str, form: FormData | None = None) -> None:
        super().__init__(why)
        self.why, self.form = why, form


class CsrfGuard:
    """Middleware that refuses unsafe requests without our origin and form token."""

    def __init__(
        self, app: ASGIApp, *, signer: Signer, cookies: Cookies, public_url: str
    ) -> None:
        self._app, self._signer, self._cookies = app, signer, cookies
        self._site = origin_of(public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Checks an unsafe request before the app sees it; raises `CsrfError`."""
        if scope["type"] == "http" and _is_unsafe(scope):
            scope.setdefault("state", {})["form"] = await self._checked(Request(scope, receive))
        await self._app(scope, receive, send)

    async def _checked(self, request: Request) -> FormData:
        is_ours = self._is_ours(request)
        if is_ours is False:
            raise CsrfError("the request came from another site")
        form = await _form(request)
        shown = str(form.get(TOKEN) or request.headers.get("X-Form-Token") or "")
        bound = binding(request, self._cookies)
        if not bound or not self._signer.fits(TOKEN, bound, shown):
            debug.debug("form token does not fit on %s", request.url.path)
            raise CsrfError("the page was out of date", form if is_ours else None)
        return form

    def _is_ours(self, request: Request) -> bool | None:
        """None when the browser is too old to say."""
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if site is None and origin is None:
            return None
        is_same = site in ("same-origin", "none", None)
        # Some browsers hide the origin ("null"); then Sec-Fetch-Site has to speak for it.
        is_hidden = site is not None and origin in (None, "null")
        # The Host of the request proves nothing: whoever binds a name to our address says it.
        is_own = self._site is not None and origin_of(origin or "") == self._site
        return is_same and (is_hidden or is_own)


def _is_unsafe(scope: Scope) -> bool:
    """No page can make a browser send a program's token, and /api/ looks at nothing else."""
    return scope["method"] not in _SAFE and not scope["path"].startswith("/api/")


def binding(request: Request, cookies: Cookies) -> str:
    """What a form token is bound to: the session, else this browser's nonce."""
    session = cookies.read(request.cookies, Cookies.SESSION)
    return session or cookies.read(request.cookies, Cookies.BROWSER)


async def _form(request: Request) -> FormData:
    kind, told = parse_options_header(request.headers.get("Content-Type"))
    if kind.strip() not in (b"application/x-www-form-urlencoded", _IN_PARTS):
        return FormData()
    # Browsers send forms in the charset of the page. Of those that Python knows some make what
    # no page can hold, and one takes seconds for 160 kB.
    if kind.strip() == _IN_PARTS and told.get(b"charset", b"utf-8").lower() != b"utf-8":
        raise HTTPException(415, "forms must be encoded as UTF-8")
    return await request.form(max_files=0, max_part_size=4 * 1024 * 1024)
