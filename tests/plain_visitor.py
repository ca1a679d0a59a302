"""A visitor without a browser: pages and forms by plain HTTP."""

import re

import httpx
from answer_rules import cookie_faults
from local_stack.stack import Stack


def visitor(stack: Stack, session: str = "") -> httpx.Client:
    """Somebody at the edge; `session` is a signed-in person's."""
    looks = {"response": [_look_at_cookies]}
    http = httpx.Client(base_url=stack.url, trust_env=False, timeout=30, event_hooks=looks)
    if session:
        http.cookies.set("notes_session", session)
    return http


def _look_at_cookies(answer: httpx.Response) -> None:
    faults = [
        fault for said in answer.headers.get_list("set-cookie") for fault in cookie_faults(said)
    ]
    assert faults == [], answer.request.url.path


def form_token(page: str) -> str:
    """The token that the page's forms carry."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]
