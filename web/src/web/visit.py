"""One request to a page: who asks, and how to answer with HTML.

`Site` is what all requests share, built once by `app`. A `Visit` renders templates with what
every page needs (the visitor, a form token, assets, theme, a message left by the page before)
and redirects, leaving such a message. A message is shown once.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from jinja2 import Environment
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from web.assets import Assets
from web.backends import Client, Gateway, Notes, Users
from web.company import Companies
from web.cookies import Cookies
from web.forgery import TOKEN, binding
from web.letters import Letters
from web.line_ends import normal
from web.people import Administration, Caller, OwnAccount
from web.service import BackendError, Json, Refused, Unreachable
from web.signing import Signer
from web.visitors import Account, Visitor, Visitors


@dataclass(frozen=True, slots=True)
class Site:
    notes: Notes
    users: Users
    own: OwnAccount
    administration: Administration
    letters: Letters
    gateway: Gateway
    company: Companies
    visitors: Visitors
    templates: Environment
    assets: Assets
    signer: Signer
    cookies: Cookies
    public_url: str


@dataclass(frozen=True, slots=True)
class Message:
    """What the next page tells. `undo` is the key of a note that can be brought back, `saved`
    the name of a text whose copy on the device is not needed any more.
    """

    text: str
    tone: str = "info"
    undo: str | None = None
    saved: str | None = None


class SignInNeeded(Exception):
    """The page needs an account; what was typed goes along."""


class Visit:
    def __init__(self, request: Request, visitor: Visitor) -> None:
        self.request, self.visitor = request, visitor
        self.site: Site = request.state.site

    @property
    def account(self) -> Account | None:
        return self.visitor.account

    @property
    def token(self) -> str:
        """The access token; a page that asks for it needs a signed-in visitor."""
        if self.visitor.is_unknown:
            raise Unreachable("users-service", "nobody says whose session this is")
        if self.visitor.token is None:
            raise SignInNeeded
        return self.visitor.token

    @property
    def writer(self) -> Account:
        """Who asks, where only those who may write have anything to do."""
        _ = self.token
        if self.account is None:
            raise SignInNeeded
        if not self.account.may_write:
            raise Refused(403, "read_only", "this account reads")
        return self.account

    @property
    def session(self) -> str:
        return self.site.cookies.read(self.request.cookies, Cookies.SESSION)

    @property
    def caller(self) -> Caller:
        """For users-service; a page that asks for it needs a signed-in visitor."""
        if self.account is None:
            raise SignInNeeded
        return Caller(self.session, self.client)

    @property
    def form(self) -> FormData:
        form: FormData = self.request.state.form
        return form

    def field(self, name: str) -> str:
        """A form field, line ends as we store them."""
        value = self.form.get(name)
        return normal(value) if isinstance(value, str) else ""

    @property
    def version(self) -> int:
        """Which one the person has seen; 0, which no note has, where the form does not say."""
        return self.number("version") or 0

    def number(self, name: str) -> int | None:
        """None for whatever is no number that a version or a count could be."""
        said = self.field(name)
        return int(said) if said.isascii() and said.isdecimal() and len(said) <= 9 else None

    def secret(self, name: str) -> str:
        """A password or a code, to the letter."""
        return str(self.form.get(name) or "")

    @property
    def wants_json(self) -> bool:
        return wants_json(self.request)

    @property
    def client(self) -> Client:
        return client_of(self.request)

    def render(
        self, template: str, *, status: int = 200, session: str = "", **facts: Any
    ) -> Response:
        """`session`: the one that this answer starts, when the request had another."""
        cookies, request = self.site.cookies, self.request
        bound = session or binding(request, cookies)
        nonce = "" if bound else secrets.token_urlsafe(18)
        page = {
            "visitor": self.visitor,
            "account": self.account,
            "csrf": self.site.signer.mac(TOKEN, bound or nonce),
            "theme": cookies.read(request.cookies, Cookies.THEME) or "auto",
            "asset": self.site.assets.url,
            "here": _here(request),
            "message": self._message(),
        }
        html = self.site.templates.get_template(template).render(page | facts)
        response = HTMLResponse(html, status_code=status)
        if nonce:
            cookies.write(response, Cookies.BROWSER, nonce, seconds=None)
        if page["message"]:
            cookies.erase(response, Cookies.MESSAGE)
        return response

    def see(self, url: str, *, message: Message | None = None) -> Response:
        """Go on with a GET there, telling `message` on that page."""
        response = RedirectResponse(url, status_code=303)
        if message:
            self.leave(response, message)
        return response

    async def ways_in(self) -> Json:
        """As users-service says; passwords alone while it cannot be asked."""
        try:
            return await self.site.users.ways_in()
        except BackendError:
            return {"passwords": True, "passkeys": False, "providers": []}

    def begin(self, response: Response, made: Json) -> None:
        """A new session, as users-service answered it; the browser forgets the one before."""
        self.site.visitors.forget(self.session)
        token, expires_at = made["token"], made["expires_at"]
        self.site.cookies.write_session(response, token, expires_at=expires_at)

    def close(self, response: Response) -> None:
        """No session any more, and no draft for the next person on this machine."""
        self.site.visitors.forget(self.session)
        self.site.cookies.erase(response, Cookies.SESSION)
        response.headers["Clear-Site-Data"] = '"storage"'

    def leave(self, response: Response, message: Message) -> None:
        sealed = self.site.signer.seal("message", json.dumps(asdict(message)))
        self.site.cookies.write(response, Cookies.MESSAGE, sealed, seconds=60)

    def _message(self) -> Message | None:
        sealed = self.site.cookies.read(self.request.cookies, Cookies.MESSAGE)
        opened = self.site.signer.open("message", sealed) if sealed else None
        return Message(**json.loads(opened)) if opened else None


def client_of(request: Request) -> Client:
    peer, agent = request.client, request.headers.get("User-Agent", "")
    return Client(peer.host if peer else "unknown", agent)


def wants_json(request: Request) -> bool:
    """Islands ask for JSON; a browser's own navigation never does."""
    return request.headers.get("Accept", "").startswith("application/json")


def safe_path(path: str) -> str:
    """`path` if it is one of this site, else the home page: never a way to another site."""
    is_local = path.startswith("/") and not path.startswith(("//", "/\\"))
    is_plain = path.isprintable() and "\\" not in path
    return path if is_local and is_plain else "/"


def _here(request: Request) -> str:
    """Where to come back to after signing in: the page itself, never the target of a form."""
    if request.method not in ("GET", "HEAD"):
        return "/"
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


async def visit(request: Request) -> Visit:
    site: Site = request.state.site
    session = site.cookies.read(request.cookies, Cookies.SESSION)
    return Visit(request, await site.visitors.of(session))


CurrentVisit = Annotated[Visit, Depends(visit)]
