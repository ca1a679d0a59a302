"""Signing in at a provider and linking one: out by a page, back by a flow of this browser."""

import pytest
from browsing import Backends, Browser, Page
from fake_backends import ANA

WORK = {
    "name": "work",
    "title": "Work account",
    "issuer": "https://id.example",
    "reauthenticates": True,
}
BACK = "/users/callback/work?code=c&state=s&iss=https://id.example"


@pytest.fixture(autouse=True)
def provider(backends: Backends) -> None:
    backends.users.ways = {"passwords": True, "passkeys": False, "providers": [WORK]}


async def _gone_to_prove(browse, backends, name, **typed):
    """Ana's browser at the provider that she is linked to: a form wants a fresh proof."""
    browser = browse(ANA)
    backends.users.linked.add("ana")
    backends.users.stale = True
    form = (await browser.get("/account")).form(name)
    asked = await browser.submit(form, **typed)
    return browser, await browser.submit(asked.form("/account/confirm/at/work"))


async def _leave(browser: Browser, path: str, form: str) -> str:
    page = await browser.get(path)
    return (await browser.submit(page.form(form))).text


def _targets(page: Page) -> set[str]:
    return {form.action for form in page.forms.values()}


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
    assert (page.status, "that provider failed" in page.text) == (403, True)
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
    assert (page.path, "can now sign in with it" in page.text) == ("/account", True)
    assert backends.users.linked == {"ana"}
    form = page.form("/account/unlink/work")
    assert "/account/link/work" not in _targets(page)
    page = await browser.submit(form)
    assert backends.users.linked == set()
    assert "Not linked" in page.text
    assert "is not linked" in (await browser.submit(form)).text


async def test_a_link_never_signs_in_and_a_sign_in_never_links(browse, backends):
    browser = browse(ANA)
    await _leave(browser, "/account", "/account/link/work")
    browser.client.cookies.delete("notes_session", domain="notes.test", path="/")
    await browser.get(BACK)
    assert backends.users.linked == set()
    assert {each["username"] for each in backends.users.sessions.values()} == {"ana"}


async def test_promise_a_provider_proves_who_one_is_and_the_form_that_waited_goes_on(
    browse, backends
):
    browser, away = await _gone_to_prove(
        browse, backends, "profile-form", email="ana@example.org"
    )
    assert "id.example/authorize" in away.text
    assert "ana@example.org" not in away.text
    back = await browser.get(BACK)
    assert backends.users.emails.get("ana") is None  # coming back alone changes nothing
    page = await browser.submit(back.form("confirmed-form"))
    assert (page.path, "Saved." in page.text) == ("/account", True)
    assert backends.users.emails["ana"] == "ana@example.org"


async def test_promise_a_provider_signs_in_through_the_second_step_and_leads_back(
    browse, backends
):
    backends.users.totp.add("ben")
    browser = browse()
    await _leave(browser, "/users/login?next=/trash", "/users/login/at/work")
    step = await browser.get(BACK)
    assert "One more step" in step.text
    assert not browser.client.cookies.get("notes_session")
    back = await browser.submit(step.form("second-step-form"), code="123456")
    assert (back.path, "Ben" in back.text) == ("/trash", True)


async def test_a_proof_at_a_provider_goes_on_to_the_second_step_and_loses_nothing(
    browse, backends
):
    backends.users.totp.add("ana")
    browser, _ = await _gone_to_prove(browse, backends, "profile-form", email="ana@example.org")
    page = await browser.get(BACK)
    wrong = await browser.submit(page.form("confirm-form"), confirm_code="000000")
    assert (wrong.status, "That code is wrong" in wrong.text) == (403, True)
    assert backends.users.emails.get("ana") is None
    done = await browser.submit(wrong.form("confirm-form"), confirm_code="123456")
    assert (done.path, "Saved." in done.text) == ("/account", True)
    assert backends.users.emails["ana"] == "ana@example.org"


async def test_a_second_step_of_a_proof_that_took_too_long_asks_for_all_of_it(browse, backends):
    backends.users.totp.add("ana")
    browser, _ = await _gone_to_prove(browse, backends, "export-form")
    step = (await browser.get(BACK)).form("confirm-form")
    page = await browser.submit(step, confirm_step="old", confirm_code="123456")
    assert "took too long" in page.text
    assert "confirm_password" in page.text


async def test_what_was_too_long_to_wait_changes_nothing_after_the_second_step(
    browse, backends
):
    backends.users.totp.add("ana")
    backends.users.emails["ana"] = "ana@example.org"
    browser, _ = await _gone_to_prove(
        browse, backends, "profile-form", email="a" * 3000 + "@example.org"
    )
    page = await browser.get(BACK)
    page = await browser.submit(page.form("confirm-form"), confirm_code="000000")
    page = await browser.submit(page.form("confirm-form"), confirm_code="123456")
    assert "send it again" in page.text
    assert "confirmed-form" not in page.forms
    assert backends.users.emails["ana"] == "ana@example.org"


@pytest.mark.parametrize("said", ["?error=login_required&state=s", "?code=c&state=other"])
async def test_a_return_without_a_proof_asks_again_and_loses_nothing(browse, backends, said):
    browser, _ = await _gone_to_prove(browse, backends, "profile-form", email="ana@example.org")
    page = await browser.get("/users/callback/work" + said)
    assert page.status == 403
    assert page.form("/account/confirm/at/work").fields["email"] == "ana@example.org"


async def test_a_form_too_long_for_a_cookie_is_begun_again(browse, backends):
    browser, _ = await _gone_to_prove(
        browse, backends, "profile-form", email="a" * 3000 + "@example.org"
    )
    page = await browser.get(BACK)
    assert "send it again" in page.text
    assert "confirmed-form" not in page.forms


async def test_only_what_can_prove_it_is_offered(browse, backends):
    browser = browse(ANA)
    form = (await browser.get("/account")).form("export-form")
    backends.users.stale = True
    page = await browser.submit(form)
    assert "/account/confirm/at/work" not in _targets(page)  # not linked
    backends.users.linked.add("ana")
    backends.users.ways["passwords"] = False
    page = await browser.submit(form)
    assert "confirm-form" not in page.forms
    assert "/account/confirm/at/work" in _targets(page)
    backends.users.ways["providers"][0] = WORK | {"reauthenticates": False}
    page = await browser.submit(form)
    assert "/account/confirm/at/work" not in _targets(page)
    assert "Log out, log in again" in page.text


async def test_without_passwords_only_the_other_ways_are_shown(browse, backends):
    backends.users.ways["passwords"] = False
    page = await browse().get("/users/login")
    assert "login-form" not in page.forms
    assert "/users/login/at/work" in _targets(page)
    assert "Create an account" not in page.text
    page = await browse().get("/users/signup")
    assert "signup-form" not in page.forms
    page = await browse(ANA).get("/account/password")
    assert "password-form" not in page.forms


async def test_what_somebody_wrote_waits_while_they_sign_in_elsewhere(browse, backends):
    backends.users.ways["passwords"] = False
    browser = browse(ANA)
    form = (await browser.get("/notes/add")).form("edit-form")
    backends.users.sessions.clear()
    page = await browser.submit(form, title="Menu", body="Soup")
    assert 'target="_blank"' in page.text
    waiting = page.form("saved-form")
    assert waiting.fields["body"] == "Soup"
    browser.carry(backends.users.sign_in(ANA))
    page = await browser.submit(waiting)
    page = await browser.submit(page.form("resume-form"))
    assert "Soup" in page.text


async def test_an_operators_link_signs_in_once_and_only_by_its_form(browse, backends):
    backends.users.links["way-back"] = "ben"
    browser = browse()
    page = await browser.get("/users/sign-in-link")
    assert backends.users.sessions == {}
    page = await browser.submit(page.form("sign-in-link-form"), token="way-back")
    assert page.path == "/account"
    other = browse()
    form = (await other.get("/users/sign-in-link")).form("sign-in-link-form")
    page = await other.submit(form, token="way-back")
    assert (page.status, "no longer valid" in page.text) == (403, True)


@pytest.mark.parametrize(
    ("passwords", "form"), [(True, "signup-form"), (False, "invited-form")]
)
async def test_an_invitation_goes_along_to_the_provider(browse, backends, passwords, form):
    backends.users.ways["passwords"] = passwords
    backends.users.mode["mode"] = "closed"
    browser = browse()
    page = await browser.get("/users/signup?invited=1")
    assert 'formaction="/users/login/at/work"' in page.text
    invited = page.form(form)
    invited.action = "/users/login/at/work"  # as that button does
    away = await browser.submit(invited, invite="the-code")
    assert "id.example/authorize" in away.text
    assert backends.users.shown_invites == ["the-code"]
    assert (await browser.get(BACK)).path == "/"
