"""One request to a page: who asks, and how to answer with HTML.

`Site` is what all requests share, built once by `app`. A `RequestContext` renders templates
with what every page needs (the principal, a form token, assets, theme, a message that the page
before set) and redirects, setting such a message. A message is shown once.
"""

import secrets
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from jinja2 import Environment
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from notes_web.assets import Assets
from notes_web.clients.account import AccountClient, Credentials
from notes_web.clients.administration import AdministrationClient
from notes_web.clients.gateway import GatewayClient
from notes_web.clients.http import BackendError, Client, Refused, Unreachable
from notes_web.clients.notes import NotesClient
from notes_web.clients.users import EmailsClient, UsersClient
from notes_web.clients.users_types import LoginOut, SignInMethodsOut
from notes_web.cookies import Cookies
from notes_web.csrf import TOKEN, binding
from notes_web.presence import Presence
from notes_web.session_resolver import Account, Principal, SessionResolver
from notes_web.signed_cookies import Signer
from notes_web.text.line_ends import normal
from notes_web.text.numbers import number

_MESSAGE = "message"
_RESTORED = "message-restored"
_MESSAGE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Site:
    """What all requests share."""

    notes: NotesClient
    users: UsersClient
    own_account: AccountClient
    administration: AdministrationClient
    emails: EmailsClient
    gateway: GatewayClient
    presence: Presence
    session_resolver: SessionResolver
    templates: Environment
    assets: Assets
    signer: Signer
    cookies: Cookies
    public_url: str
    line_breaks: bool


@dataclass(frozen=True, slots=True)
class Message:
    """What the next page tells.

    `undo` is the key of a note that can be restored: from the trash, or with `restore` to that
    version, over the other; or "key/comments/id". `saved` names a text whose copy on the device
    is not needed.
    """

    text: str
    tone: str = "info"
    undo: str | None = None
    saved: str | None = None
    restore: tuple[int, int] | None = None


class SignInNeeded(Exception):
    """The page needs an account; what was typed goes along."""


class RequestContext:
    """One request: who asks, what was sent, and how to answer."""

    def __init__(self, request: Request, principal: Principal) -> None:
        self.request, self.principal = request, principal
        self.site: Site = request.state.site

    @property
    def account(self) -> Account | None:
        """The account that asks, None if nobody is signed in."""
        return self.principal.account

    @property
    def token(self) -> str:
        """The access token; raises `SignInNeeded` if nobody is signed in."""
        if self.principal.is_unknown:
            raise Unreachable("users-service", "nobody says whose session this is")
        if self.principal.token is None:
            raise SignInNeeded
        return self.principal.token

    @property
    def writer(self) -> Account:
        """Who asks, where only those who may write have anything to do."""
        _ = self.token
        if self.account is None:
            raise SignInNeeded
        if not self.account.may_write:
            raise Refused(403, "read_only", "this account is read-only")
        return self.account

    @property
    def session(self) -> str:
        """The session's token, "" without one."""
        return self.site.cookies.read(self.request.cookies, Cookies.SESSION)

    @property
    def credentials(self) -> Credentials:
        """For users-service; raises `SignInNeeded` if nobody is signed in."""
        if self.account is None:
            raise SignInNeeded
        return Credentials(self.session, self.client)

    @property
    def form(self) -> FormData:
        """The form that was sent, as the CSRF guard parsed it."""
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
        return number(self.field(name))

    def ask_to_sign_in(self, refusal: Refused) -> None:
        """Raise `SignInNeeded` if it was refused because nobody is signed in."""
        if refusal.status == 401 and self.account is None:
            raise SignInNeeded from refusal

    def secret(self, name: str) -> str:
        """A password or a code, exactly as it was typed."""
        return str(self.form.get(name) or "")

    @property
    def wants_json(self) -> bool:
        """Whether an island asks."""
        return wants_json(self.request)

    @property
    def client(self) -> Client:
        """The browser's address and user agent."""
        return client_of(self.request)

    def render(
        self, template: str, *, status: int = 200, session: str = "", **facts: Any
    ) -> Response:
        """`session`: the one that this answer starts, when the request had another."""
        cookies, request = self.site.cookies, self.request
        bound = session or binding(request, cookies)
        nonce = "" if bound else secrets.token_urlsafe(18)
        page = {
            "principal": self.principal,
            "account": self.account,
            "csrf": self.site.signer.mac(TOKEN, bound or nonce),
            "theme": cookies.read(request.cookies, Cookies.THEME) or "auto",
            "asset": self.site.assets.url,
            "here": _here(request),
            "line_breaks": self.site.line_breaks,
            "message": self._message(),
        }
        html = self.site.templates.get_template(template).render(page | facts)
        response = HTMLResponse(html, status_code=status)
        if nonce:
            cookies.write(response, Cookies.BROWSER, nonce, seconds=None)
        if page["message"]:
            cookies.erase(response, Cookies.MESSAGE)
        return response

    def redirect(self, url: str, *, message: Message | None = None) -> Response:
        """Go on with a GET there, telling `message` on that page."""
        response = RedirectResponse(url, status_code=303)
        if message:
            self.set_message(response, message)
        return response

    async def sign_in_methods(self) -> SignInMethodsOut:
        """As users-service says; passwords alone while it cannot be asked."""
        try:
            return await self.site.users.sign_in_methods()
        except BackendError:
            return {"passwords": True, "passkeys": False, "providers": []}

    def start_session(self, response: Response, made: LoginOut) -> None:
        """A new session, as users-service answered it; the browser forgets the one before."""
        self.site.session_resolver.forget(self.session)
        token, expires_at = made["token"], made["expires_at"]
        self.site.cookies.write_session(response, token, expires_at=expires_at)

    def end_session(self, response: Response) -> None:
        """No session any more, and no draft for the next person on this machine."""
        self.site.session_resolver.forget(self.session)
        self.site.cookies.erase(response, Cookies.SESSION)
        response.headers["Clear-Site-Data"] = '"storage"'

    def set_message(self, response: Response, message: Message) -> None:
        """Leaves a message for the next page, in a signed cookie."""
        given = {name: value for name, value in asdict(message).items() if value is not None}
        # A web of 0.1.0 fails on `restore`: it finds nothing, and the message waits.
        signed = self.site.signer.dumps(_RESTORED if message.restore else _MESSAGE, given)
        self.site.cookies.write(response, Cookies.MESSAGE, signed, seconds=_MESSAGE_SECONDS)

    def _message(self) -> Message | None:
        signed = self.site.cookies.read(self.request.cookies, Cookies.MESSAGE)
        for purpose in (_MESSAGE, _RESTORED):
            told = self.site.signer.loads(purpose, signed, seconds=_MESSAGE_SECONDS)
            if told:
                return Message(**told)
        return None


def client_of(request: Request) -> Client:
    """Returns the address and user agent that a request comes from."""
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


async def context_of(request: Request) -> RequestContext:
    """Resolves the session of a request."""
    site: Site = request.state.site
    session = site.cookies.read(request.cookies, Cookies.SESSION)
    return RequestContext(request, await site.session_resolver.resolve(session))


CurrentContext = Annotated[RequestContext, Depends(context_of)]
