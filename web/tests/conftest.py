"""The web front with its three backends in memory, and browsers that keep cookies."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from browsing import PUBLIC_URL, Backends, Browser, web_settings
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send
from web.app import create_app
from web.settings import Settings


@pytest.fixture
def backends() -> Backends:
    return Backends()


@pytest.fixture
async def serve(backends: Backends) -> AsyncIterator[Any]:
    """`await serve(settings, url)` is a client of a web front with these settings."""
    async with AsyncExitStack() as stack:

        async def client_of(settings: Settings, url: str) -> httpx.AsyncClient:
            app = create_app(settings, transports=backends.transports())
            state = await stack.enter_async_context(app.router.lifespan_context(app))
            return httpx.AsyncClient(transport=_transport(app, state), base_url=url)

        yield client_of


@pytest.fixture
def app(backends: Backends) -> FastAPI:
    return create_app(web_settings(), transports=backends.transports())


@pytest.fixture
async def browse(backends: Backends, app: FastAPI) -> AsyncIterator[Any]:
    """`browse()` is a new browser; `browse(ANA)` one where Ana is signed in."""
    async with app.router.lifespan_context(app) as state:
        transport = _transport(app, state)

        def a_browser(person: dict[str, Any] | None = None) -> Browser:
            client = httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)
            browser = Browser(client)
            if person:
                browser.carry(backends.users.sign_in(person))
            return browser

        yield a_browser


def _transport(app: FastAPI, state: Any) -> httpx.ASGITransport:
    """httpx runs no lifespan, so what it yielded is put into each scope here."""

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    return httpx.ASGITransport(with_state, raise_app_exceptions=False)
