"""Signing in, up and out; where one comes back to; who the pages take one for."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fake_backends import ANA, problem
from notes_web.clients.http import HttpClient
from notes_web.clients.users import UsersClient
from notes_web.request_context import safe_path
from notes_web.session_resolver import SessionResolver

RIGHT = {"username": "ana", "password": "correct horse"}


async def test_signing_in_leads_back_to_the_page_that_asked_for_it(browse):
    browser = browse()
    login = await browser.get("/notes/add")
    assert login.path == "/users/login?next=/notes/add"
    page = await browser.submit(login.form("login-form"), **RIGHT)
    assert page.path == "/notes/add"
    assert "Welcome, Ana" in page.text
    assert "Welcome, Ana" not in (await browser.get("/")).text


async def test_a_wrong_password_says_so_and_keeps_the_name(browse):
    browser = browse()
    form = (await browser.get("/users/login")).form("login-form")
    page = await browser.submit(form, username="ana", password="wrong")
    assert page.status == 401
    assert "Incorrect user name or password" in page.text
    assert page.form("login-form").fields["username"] == "ana"
    assert (
        "password" not in page.form("login-form").fields
        or not page.form("login-form").fields["password"]
    )


async def test_too_many_attempts_say_how_long_to_wait(browse, backends):
    backends.users.refusal = problem(429, "too_many_attempts")
    backends.users.refusal.headers["Retry-After"] = "42"
    browser = browse()
    form = (await browser.get("/users/login")).form("login-form")
    page = await browser.submit(form, **RIGHT)
    assert (page.status, "in 42 seconds" in page.text) == (429, True)


async def test_a_sign_in_starts_a_new_session_and_ends_the_old_one(browse, backends):
    browser = browse()
    browser.carry("planted by somebody")
    form = (await browser.get("/users/login")).form("login-form")
    await browser.submit(form, **RIGHT)
    assert browser.client.cookies.get("notes_session", domain="notes.test") in (
        backends.users.sessions
    )
    assert backends.users.sessions.keys() != {"planted by somebody"}


async def test_users_service_is_told_the_browsers_address_with_our_key(browse, backends):
    browser = browse()
    form = (await browser.get("/users/login")).form("login-form")
    await browser.submit(form, **RIGHT)
    asked = next(seen for seen in backends.users.seen if seen.url.path == "/v1/sessions")
    assert asked.headers["X-Forwarded-For"] == "127.0.0.1"
    assert asked.headers["Authorization"].startswith("Basic ")


async def test_signing_out_is_a_post_that_ends_the_session_and_clears_drafts(browse, backends):
    browser = browse(ANA)
    assert (await browser.client.get("/users/logout")).status_code == 405
    page = await browser.get("/")
    form = page.form("logout")
    response = await browser.client.post(form.action, data=form.fields, headers=browser.headers)
    assert response.headers["Clear-Site-Data"] == '"storage"'
    assert backends.users.sessions == {}
    assert "You are signed out" in (await browser.get("/")).text


async def test_signing_out_is_asked_from_where_the_visitor_is(browse, backends):
    browser = browse(ANA)
    await browser.submit((await browser.get("/")).form("logout"))
    (asked,) = (each for each in backends.users.seen if each.method == "DELETE")
    assert asked.headers["X-Forwarded-For"] == "127.0.0.1"
    assert asked.headers["X-API-Key"] == "web:secret-of-web"


async def test_signing_up_signs_in(browse):
    browser = browse()
    form = (await browser.get("/users/signup")).form("signup-form")
    page = await browser.submit(form, username="cleo", name="Cleo", password="correct horse")
    assert (page.path, "Cleo" in page.text) == ("/", True)


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        ({"mode": "open", "first_account": False, "setup_token": False}, 'name="username"'),
        ({"mode": "invite", "first_account": False, "setup_token": False}, 'name="invite"'),
        ({"mode": "closed", "first_account": False, "setup_token": False}, "Sign-up is closed"),
        ({"mode": "closed", "first_account": True, "setup_token": True}, 'name="setup_token"'),
    ],
)
async def test_the_sign_up_page_is_as_the_site_allows(browse, backends, mode, shown):
    backends.users.mode = mode
    page = await browse().get("/users/signup")
    assert shown in page.text
    assert ("signup-form" in page.forms) == (shown != "Sign-up is closed")


async def test_a_name_that_is_taken_is_told_at_its_field(browse):
    browser = browse()
    form = (await browser.get("/users/signup")).form("signup-form")
    page = await browser.submit(form, username="ana", password="correct horse")
    assert page.status == 409
    assert 'aria-describedby="username-error username-hint"' in page.text
    assert page.form("signup-form").fields["username"] == "ana"


async def test_where_nothing_is_public_everybody_signs_in_first(browse, backends):
    backends.notes.is_public = False
    assert (await browse().get("/")).path == "/users/login?next=/"


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\/evil", "javascript:x",
     "/ok\r\nSet-Cookie: a=b", "", "/\tevil", "evil"],
)  # fmt: skip
def test_a_path_to_another_site_leads_home(path):
    assert safe_path(path) == "/"


def test_a_path_of_this_site_is_kept():
    assert safe_path("/notes/menu?before=3#comments") == "/notes/menu?before=3#comments"


async def test_the_socket_token_is_for_those_who_are_signed_in(browse, backends):
    for person, status in ((ANA, 200), (None, 204)):
        browser = browse(person)
        page = await browser.get("/")
        token = page.form("/theme").fields["csrf"]
        headers = browser.headers | {"X-Form-Token": token}
        assert (await browser.client.post("/live/token", headers=headers)).status_code == status


async def test_while_users_service_is_away_the_last_token_stands_in(browse, backends):
    browser = browse(ANA)
    await browser.get("/")
    backends.users.is_away = True
    assert "Log out" in (await browser.get("/")).text
    stranger = browse()
    stranger.carry("unseen")
    page = await stranger.get("/")
    assert (page.status, "Sign-in is unavailable" in page.text) == (200, True)


async def test_an_old_token_does_not_stand_in_and_memory_is_bounded(backends):
    now = datetime.now(UTC)
    clock = [now]
    transport = backends.users.transport()
    async with httpx.AsyncClient(transport=transport, base_url="http://users") as http:
        users = UsersClient(HttpClient("users", http), api_key="web:secret")
        resolver = SessionResolver(users, now=lambda: clock[0], room=2)
        sessions = [backends.users.sign_in(ANA) for _ in range(3)]
        for session in sessions:
            await resolver.resolve(session)
        backends.users.is_away = True
        assert (await resolver.resolve(sessions[0])).is_unknown
        assert (await resolver.resolve(sessions[2])).account is not None
        clock[0] += timedelta(minutes=5)
        assert (await resolver.resolve(sessions[2])).is_unknown
