"""Security headers on every answer, and cookies that only this site can set."""

import pytest
from browsing import Browser, web_settings
from fake_backends import ANA
from notes_web.headers import CONTENT_SECURITY_POLICY

PATHS = [
    "/", "/notes/menu", "/notes/none", "/notes/add", "/notes/menu/edit", "/notes/menu/delete",
    "/trash", "/users/login", "/users/signup", "/users/logout", "/live/home", "/nothing",
    "/users/reset", "/account", "/account/password", "/account/sessions", "/account/delete",
    "/account/two-step", "/account/tokens", "/account/passkeys",
    "/admin", "/admin/accounts/ana-id", "/admin/invitations", "/admin/audit",
    "/notes/view?key=menu", "/assets/none.css", "/health", "/ready", "/metrics",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_carries_the_headers(browse, backends, path):
    backends.notes.put("menu", "Menu")
    headers = (await browse(ANA).client.get(path)).headers
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("path", ["/", "/notes/menu", "/users/login"])
async def test_a_page_may_be_asked_for_its_head_alone(browse, backends, path):
    backends.notes.put("menu", "Menu")
    assert (await browse().client.head(path)).status_code == 200


async def test_an_answer_to_a_mistake_of_ours_carries_them_too(browse, backends):
    backends.notes.put("menu", "Menu")
    backends.notes.notes["menu"].pop("title")
    response = await browse().client.get("/")
    assert response.status_code == 500
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "Traceback" not in response.text
    assert "Something went wrong" in response.text


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere():
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert "require-trusted-types-for 'script'" in CONTENT_SECURITY_POLICY


async def test_pages_hold_no_inline_script_and_no_inline_style(browse, backends):
    backends.notes.put("menu", "Menu")
    for path in ("/", "/notes/menu", "/notes/menu/edit", "/users/login", "/trash"):
        text = (await browse(ANA).get(path)).text
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text
        assert all('type="module" src="/assets/' in tag for tag in _script_tags(text))


async def test_over_https_cookies_are_host_bound_and_secure(serve):
    client = await serve(web_settings(public_url="https://notes.test"), "https://notes.test")
    assert (await client.get("/")).headers["Strict-Transport-Security"].startswith("max-age=6")
    browser = Browser(client)
    form = (await browser.get("/users/login")).form("login-form")
    sent = await client.post(
        form.action,
        data=form.fields | {"username": "ana", "password": "correct horse"},
        headers=browser.headers,
    )
    session = next(
        value
        for value in sent.headers.get_list("set-cookie")
        if value.startswith("__Host-notes_session=")
    )
    for mark in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"):
        assert mark in session
    assert "Domain" not in session


def _script_tags(text: str) -> list[str]:
    return [part.split(">")[0] for part in text.split("<script")[1:]]


async def test_a_wrong_method_is_told_the_right_one(browse):
    client = browse().client
    for path, allowed in (("/users/logout", "POST"), ("/api/v1/preview", "POST")):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
