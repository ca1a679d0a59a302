"""The web front with its three backends in memory, and browsers that keep cookies."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser_pages import launch
from browsing import PUBLIC_URL, Backends, Browser, web_settings
from fastapi import FastAPI
from notes_web.app import create_app
from notes_web.settings import Settings
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright
from served_web import Served, served
from starlette.types import Receive, Scope, Send


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    """Per module: Playwright's loop would stand in the way of asyncio tests elsewhere."""
    assert (Path(__file__).parents[1] / "dist" / "manifest.json").is_file(), (
        "build the islands: npm run build in web/"
    )
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def site_host() -> str:
    """The name by which Chromium knows the site."""
    return "127.0.0.1"


@pytest.fixture
def site(browser: Chromium, site_host: str) -> Iterator[Served]:
    """The web front for Chromium; at the end no page of it may have had a problem."""
    backends = Backends()
    with served(backends, site_host) as url:
        site = Served(backends, url, browser)
        yield site
        for context in browser.contexts:
            context.close()
    assert site.problems == []


def _transport(app: FastAPI, state: Any) -> httpx.ASGITransport:
    """httpx runs no lifespan, so what it yielded is put into each scope here."""

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    return httpx.ASGITransport(with_state, raise_app_exceptions=False)
