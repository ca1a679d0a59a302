"""A visitor without a browser: pages and forms by plain HTTP."""

import re

import httpx
from local_stack.stack import Stack


def visitor(stack: Stack, session: str = "") -> httpx.Client:
    """Somebody at the edge; `session` is a signed-in person's."""
    http = httpx.Client(base_url=stack.url, trust_env=False, timeout=10)
    if session:
        http.cookies.set("notes_session", session)
    return http


def form_token(page: str) -> str:
    """The token that the page's forms carry."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]
