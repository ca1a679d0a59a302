"""A token that is taken back while a page is made: nobody is stopped who may go on."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from browsing import Backends
from fake_backends import ANA, problem
from starlette.requests import Request
from starlette.responses import Response

Handler = Callable[[Request], Awaitable[Response]]


def takes_back(
    backends: Backends, name: str, *, then: Callable[[], None] = lambda: None
) -> None:
    """notes-service refuses the next token that is shown to it there."""
    handler: Handler = getattr(backends.notes, name)

    async def once(request: Request) -> Response:
        setattr(backends.notes, name, handler)
        then()
        return problem(401, "token_revoked")

    setattr(backends.notes, name, once)


async def test_a_save_goes_on_with_a_new_token(browse: Any, backends: Backends) -> None:
    backends.notes.put("menu", "Menu", "Soup")
    browser = browse(ANA)
    page = await browser.get("/notes/menu/edit")
    takes_back(backends, "save")
    saved = await browser.submit(page.form("/edit"), body="Soup and bread")
    assert (saved.status, saved.path) == (200, "/notes/menu")
    assert backends.notes.notes["menu"]["version"] == 2


async def test_a_page_is_shown_with_a_new_token(browse: Any, backends: Backends) -> None:
    backends.notes.put("menu", "Menu", "Soup")
    takes_back(backends, "read")
    assert (await browse(ANA).get("/notes/menu")).status == 200


@pytest.mark.parametrize("path", ["/live/home", "/live/notes/menu"])
async def test_an_island_gets_its_state_with_a_new_token(
    browse: Any, backends: Backends, path: str
) -> None:
    backends.notes.put("menu", "Menu", "Soup")
    takes_back(backends, "list" if path.endswith("home") else "read")
    assert (await browse(ANA).client.get(path)).status_code == 200


async def test_whose_session_ended_signs_in_again_and_keeps_the_text(
    browse: Any, backends: Backends
) -> None:
    backends.notes.put("menu", "Menu", "Soup")
    browser = browse(ANA)
    page = await browser.get("/notes/menu/edit")
    takes_back(backends, "save", then=backends.users.sessions.clear)
    refused = await browser.submit(page.form("/edit"), body="Soup and bread")
    assert refused.status == 401
    assert "Soup and bread" in refused.text
    login = refused.form("/users/login")
    resumed = await browser.submit(login, username="ana", password="correct horse")
    assert "Soup and bread" in resumed.text
    assert backends.notes.notes["menu"]["version"] == 1


async def test_while_nobody_can_say_who_it_is_the_text_stays_on_the_page(
    browse: Any, backends: Backends
) -> None:
    def users_service_goes_away() -> None:
        backends.users.is_away = True

    backends.notes.put("menu", "Menu", "Soup")
    browser = browse(ANA)
    page = await browser.get("/notes/menu/edit")
    takes_back(backends, "save", then=users_service_goes_away)
    refused = await browser.submit(page.form("/edit"), body="Soup and bread")
    assert refused.status == 503
    assert "Soup and bread" in refused.text


async def test_a_token_is_renewed_once_and_not_for_ever(
    browse: Any, backends: Backends
) -> None:
    asked = 0

    async def never(_: Request) -> Response:
        nonlocal asked
        asked += 1
        return problem(401, "token_revoked")

    backends.notes.put("menu", "Menu", "Soup")
    browser = browse(ANA)
    page = await browser.get("/notes/menu/edit")
    backends.notes.save = never  # type: ignore[assignment, method-assign]
    refused = await browser.submit(page.form("/edit"), body="Soup and bread")
    assert (refused.status, asked) == (401, 2)
    assert "Soup and bread" in refused.text
