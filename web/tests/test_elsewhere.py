"""Signing in at a provider and linking one: out by a page, back by a flow of this browser."""

import pytest
from browsing import Backends, Browser
from fake_backends import ANA

WORK = {"name": "work", "title": "Work account", "issuer": "https://id.example"}
BACK = "/users/callback/work?code=c&state=s&iss=https://id.example"


@pytest.fixture(autouse=True)
def provider(backends: Backends) -> None:
    backends.users.ways = {"passkeys": False, "providers": [WORK]}


async def _leave(browser: Browser, path: str, form: str) -> str:
    page = await browser.get(path)
    return (await browser.submit(page.form(form))).text


async def test_a_provider_signs_in_and_leads_back(browse):
    browser = browse()
    page = await _leave(browser, "/users/login?next=/trash", "/users/login/at/work")
    assert 'content="0; url=https://id.example/authorize?state=s&amp;nonce=n"' in page
    assert "flow-secret" not in page
    back = await browser.get(BACK)
    assert (back.path, "Ben" in back.text) == ("/trash", True)


async def test_a_return_that_this_browser_did_not_leave_for_signs_nobody_in(browse, backends):
    await _leave(browse(), "/users/login", "/users/login/at/work")
    stranger = browse()
    page = await stranger.get(BACK)
    assert (page.status, "did not work out" in page.text) == (403, True)
    assert backends.users.sessions == {}


async def test_a_return_serves_once(browse, backends):
    browser = browse()
    await _leave(browser, "/users/login", "/users/login/at/work")
    await browser.get(BACK)
    browser.client.cookies.delete("notes_session", domain="notes.test", path="/")
    assert (await browser.get(BACK)).status == 403


@pytest.mark.parametrize("said", ["?error=access_denied&state=s", "?code=c&state=other", ""])
async def test_a_return_without_success_leads_to_the_login_page(browse, said):
    browser = browse()
    await _leave(browser, "/users/login", "/users/login/at/work")
    page = await browser.get("/users/callback/work" + said)
    assert (page.status, "login-form" in page.forms) == (403, True)


async def test_a_provider_is_linked_after_the_proof_and_unlinked(browse, backends):
    browser = browse(ANA)
    form = (await browser.get("/account")).form("/account/link/work")
    backends.users.stale = True
    asked = await browser.submit(form)
    await browser.submit(asked.form("confirm-form"), confirm_password="correct horse")
    page = await browser.get(BACK)
    assert (page.path, "signs you in from now on" in page.text) == ("/account", True)
    assert backends.users.linked == {"ana"}
    page = await browser.submit(page.form("/account/unlink/work"))
    assert backends.users.linked == set()
    assert "was not linked" in (await browser.submit(page.form("/account/unlink/work"))).text


async def test_a_link_never_signs_in_and_a_sign_in_never_links(browse, backends):
    browser = browse(ANA)
    await _leave(browser, "/account", "/account/link/work")
    browser.client.cookies.delete("notes_session", domain="notes.test", path="/")
    await browser.get(BACK)
    assert backends.users.linked == set()
    assert {each["username"] for each in backends.users.sessions.values()} == {"ana"}
