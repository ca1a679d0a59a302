"""Builds the web front from its settings: the only module that creates anything."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TypedDict

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from prometheus_client import CollectorRegistry
from service_kit import asgi

from notes_web import templating
from notes_web.assets import Assets
from notes_web.clients.account import AccountClient
from notes_web.clients.administration import AdministrationClient
from notes_web.clients.gateway import GatewayClient
from notes_web.clients.http import HttpClient
from notes_web.clients.notes import NotesClient
from notes_web.clients.retry import RetryWindow
from notes_web.clients.users import EmailsClient, UsersClient
from notes_web.cookies import Cookies
from notes_web.csrf import CsrfGuard
from notes_web.headers import SecurityHeaders
from notes_web.pages import errors, theme
from notes_web.pages.account import (
    api_tokens,
    email_verification,
    passkeys,
    password,
    profile,
    reauthentication,
    sessions,
    two_factor,
)
from notes_web.pages.admin import accounts, audit, invitations
from notes_web.pages.api import proxy
from notes_web.pages.history import looked, restoring, version, versions
from notes_web.pages.misdirected import OneName
from notes_web.pages.notes import (
    comment_editing,
    comments,
    edit,
    legacy_redirects,
    listing,
    live,
    tick,
    trash,
    view,
)
from notes_web.pages.sign_in import login, oidc, one_time_link, passkey, password_reset
from notes_web.pages.sign_in import two_factor as sign_in_two_factor
from notes_web.presence import Presence
from notes_web.request_context import Site
from notes_web.session_resolver import SessionResolver
from notes_web.settings import Settings
from notes_web.signed_cookies import Signer

# A note of 256 KiB, every byte percent-encoded, and what is around it; more only costs memory.
MAX_BODY_BYTES = 2 * 1024 * 1024
# Two services one after the other, each at its slowest after all the patience (10 s), answer
# before the edge gives up (30 s).
TIMEOUT = httpx.Timeout(5.0, connect=1.0, pool=2.0)
POSITION_TIMEOUT = httpx.Timeout(0.3)
LIMITS = httpx.Limits(max_connections=200, max_keepalive_connections=50)

Transports = Mapping[str, httpx.AsyncBaseTransport]


class State(TypedDict):
    """What a request can reach, as `request.state`."""

    site: Site


class _Services(TypedDict):
    notes: NotesClient
    users: UsersClient
    own_account: AccountClient
    administration: AdministrationClient
    emails: EmailsClient
    gateway: GatewayClient


@cache
def _templates(folder: Path) -> Environment:
    """Each is compiled once, however many fronts stand in this process."""
    return templating.environment(
        Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
    )


def create_app(settings: Settings, *, transports: Transports | None = None) -> FastAPI:
    """`transports` replaces the network towards "notes", "users" or "gateway" in tests."""
    signer, cookies = Signer(settings.secret.get_secret_value()), Cookies(settings.https)
    assets = Assets(settings.files_dir)
    templates = _templates(settings.files_dir / "templates")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        async with AsyncExitStack() as stack:
            services = await _services(stack, settings, transports or {})
            session_resolver = SessionResolver(services["users"], now=lambda: datetime.now(UTC))
            site = Site(
                **services,
                presence=Presence(services["gateway"], now=time.monotonic),
                session_resolver=session_resolver,
                templates=templates,
                assets=assets,
                signer=signer,
                cookies=cookies,
                public_url=settings.public_url.rstrip("/"),
                line_breaks=settings.line_breaks,
            )
            yield {"site": site}

    app = FastAPI(
        title="Notes web",
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # An address that is made of what a request says of itself is believed by nobody.
        redirect_slashes=False,
    )
    _install_pages(app)
    app.mount("/assets", assets.app(), name="assets")
    # The last one added is the outermost.
    app.add_middleware(
        CsrfGuard, signer=signer, cookies=cookies, public_url=settings.public_url
    )
    app.add_middleware(errors.LastCatch)
    app.add_middleware(RetryWindow, seconds=settings.patience_seconds)
    app.add_middleware(
        OneName, public_url=settings.public_url, templates=templates, assets=assets
    )
    app.add_middleware(SecurityHeaders, https=settings.https)

    async def ready() -> dict[str, bool]:
        # Pages answer, if only with an apology, whatever is behind them.
        return {"islands": assets.is_built}

    asgi.install(
        app,
        ready=ready,
        registry=CollectorRegistry(),
        max_body=MAX_BODY_BYTES,
        optional=frozenset({"islands"}),
    )
    for handled in errors.HANDLED:
        app.add_exception_handler(handled, errors.respond)
    return app


_COMMENTS = (comments, comment_editing)
# The original's fixed addresses come before /notes/{key}.
_NOTES = (legacy_redirects, listing, edit, tick, *_COMMENTS, view, trash, live, theme)
# The list's fixed addresses come before those of single versions.
_HISTORY = (versions, restoring, version, looked)
_SIGN_IN = (login, sign_in_two_factor, passkey, oidc, one_time_link, password_reset)
_ACCOUNT = (
    profile,
    password,
    email_verification,
    passkeys,
    two_factor,
    sessions,
    api_tokens,
    reauthentication,
)
_ADMINISTRATION = (accounts, invitations, audit)
_PAGES = (*_NOTES, *_HISTORY, *_SIGN_IN, *_ACCOUNT, *_ADMINISTRATION, proxy)


def _install_pages(app: FastAPI) -> None:
    for page in _PAGES:
        for route in page.router.routes:
            # RFC 9110, 9.3.2: what answers GET answers HEAD; uvicorn omits the body.
            if isinstance(route, APIRoute) and route.methods == {"GET"}:
                route.methods = {"GET", "HEAD"}
        app.include_router(page.router)


async def _services(
    stack: AsyncExitStack, settings: Settings, transports: Transports
) -> _Services:
    async def service(name: str, url: str, **options: object) -> HttpClient:
        http = httpx.AsyncClient(
            base_url=url,
            transport=transports.get(name),
            limits=LIMITS,
            **{"timeout": TIMEOUT, **options},  # type: ignore[arg-type]
        )
        return HttpClient(name, await stack.enter_async_context(http))

    api_key = settings.users_api_key.get_secret_value()
    key = {"X-API-Key": settings.gateway_api_key.get_secret_value()}
    asked = {"headers": key, "timeout": POSITION_TIMEOUT}
    gateway = await service("gateway", settings.gateway_url, **asked)
    users = await service("users", settings.users_url)
    return {
        "notes": NotesClient(await service("notes", settings.notes_url)),
        "users": UsersClient(users, api_key=api_key),
        "own_account": AccountClient(users, api_key=api_key),
        "administration": AdministrationClient(users, api_key=api_key),
        "emails": EmailsClient(users, api_key=api_key),
        "gateway": GatewayClient(gateway),
    }
