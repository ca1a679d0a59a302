"""The web front with its three backends in memory, and browsers that keep cookies."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from browsing import PUBLIC_URL, Backends, Browser, web_settings
from starlette.types import Receive, Scope, Send
from web.app import create_app


@pytest.fixture
def backends() -> Backends:
    return Backends()


@pytest.fixture
async def browse(backends: Backends) -> AsyncIterator[Any]:
    """`browse()` is a new browser; `browse(ANA)` one where Ana is signed in."""
    app = create_app(web_settings(), transports=backends.transports())
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx.ASGITransport(with_state, raise_app_exceptions=False)

        def a_browser(person: dict[str, Any] | None = None) -> Browser:
            client = httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)
            browser = Browser(client)
            if person:
                client.cookies.set("notes_session", backends.users.sign_in(person))
            return browser

        yield a_browser
