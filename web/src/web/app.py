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

from web import templating
from web.assets import Assets
from web.backends import Gateway, Notes, Users
from web.company import Companies
from web.cookies import Cookies
from web.forgery import ForgeryGuard
from web.headers import SecurityHeaders
from web.letters import Letters
from web.pages import (
    account,
    accounts,
    api_tokens,
    audit,
    comments,
    editing,
    elsewhere,
    errors,
    invitations,
    letters,
    listing,
    live,
    note,
    originals,
    passkeys,
    passwords,
    programs,
    reauthentication,
    second_step,
    sessions,
    sign_in_links,
    theme,
    two_step,
    users,
)
from web.pages.misdirected import OneName
from web.people import Administration, OwnAccount
from web.service import Service
from web.settings import Settings
from web.signing import Signer
from web.visit import Site
from web.visitors import Visitors
from web.waiting import Patient

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
    notes: Notes
    users: Users
    own: OwnAccount
    administration: Administration
    letters: Letters
    gateway: Gateway


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
            visitors = Visitors(services["users"], now=lambda: datetime.now(UTC))
            site = Site(
                **services,
                company=Companies(services["gateway"], now=time.monotonic),
                visitors=visitors,
                templates=templates,
                assets=assets,
                signer=signer,
                cookies=cookies,
                public_url=settings.public_url.rstrip("/"),
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
        ForgeryGuard, signer=signer, cookies=cookies, public_url=settings.public_url
    )
    app.add_middleware(errors.LastCatch)
    app.add_middleware(Patient, seconds=settings.patience_seconds)
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


# The original's fixed addresses come before /notes/{key}.
_NOTES = (originals, listing, editing, comments, note, live, theme)
_ENTRANCE = (
    users,
    second_step,
    passkeys,
    elsewhere,
    sign_in_links,
    passwords,
    letters,
    reauthentication,
)
_ACCOUNT = (account, two_step, sessions, api_tokens)
_ADMINISTRATION = (accounts, invitations, audit)
_PAGES = (*_NOTES, *_ENTRANCE, *_ACCOUNT, *_ADMINISTRATION, programs)


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
    async def service(name: str, url: str, **options: object) -> Service:
        http = httpx.AsyncClient(
            base_url=url,
            transport=transports.get(name),
            limits=LIMITS,
            **{"timeout": TIMEOUT, **options},  # type: ignore[arg-type]
        )
        return Service(name, await stack.enter_async_context(http))

    api_key = settings.users_api_key.get_secret_value()
    key = {"X-API-Key": settings.gateway_api_key.get_secret_value()}
    asked = {"headers": key, "timeout": POSITION_TIMEOUT}
    gateway = await service("gateway", settings.gateway_url, **asked)
    people = await service("users", settings.users_url)
    return {
        "notes": Notes(await service("notes", settings.notes_url)),
        "users": Users(people, api_key=api_key),
        "own": OwnAccount(people, api_key=api_key),
        "administration": Administration(people, api_key=api_key),
        "letters": Letters(people, api_key=api_key),
        "gateway": Gateway(gateway),
    }
