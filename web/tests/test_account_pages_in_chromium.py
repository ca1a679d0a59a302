"""Account pages in Chromium: axe, narrow screens, links with codes, a session that ended."""

from pathlib import Path

import pytest
from fake_backends import ADA, ANA, BEN
from looks import DESKTOP, NARROW, PHONE, looks
from playwright.sync_api import expect
from served_web import ScriptedPage
from text_field import text_field

pytestmark = pytest.mark.browser

WEB = Path(__file__).parents[1]
PAGES = [
    "/account", "/account/password", "/account/two-step", "/account/sessions",
    "/account/passkeys", "/users/login",
    "/account/tokens", "/account/delete", "/admin", "/admin?q=nobody",
    "/admin/accounts/ana-id", "/admin/invitations", "/admin/audit", "/users/reset",
    "/users/forgot", "/users/confirm-email",
]  # fmt: skip
STEPS = [
    ("/admin/accounts/ana-id", "#reset-link-form button", "#reset-link"),
    ("/admin/invitations", "#invite-form button", "#invitation"),
    ("/account/two-step", "#begin-form button", "#enrolment-form"),
    ("/account/delete", "#delete-account-form button.danger", "#errors"),
]


@looks(DESKTOP, PHONE, NARROW)
def test_axe_finds_nothing_on_pages_of_accounts_and_nothing_scrolls_sideways(
    site, scheme, size
):
    users = site.backends.users
    users.emails["ada"] = "a-rather-long-name-of-a-person@mail.department.example.org"
    users.sign_in(ADA)
    users.disabled.add("ben")
    users.write("signed_in", BEN, "wrong_credentials")
    users.write("roles_changed", ANA, **{"from": ["editor"], "to": ["editor", "admin"]})
    axe = (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text()
    page = site.open("/", ADA, color_scheme=scheme, viewport=size)
    found = []

    def check(name: str) -> None:
        page.evaluate(axe)
        for violation in page.evaluate("async () => (await axe.run()).violations"):
            found.append((name, violation["id"], violation["nodes"][0]["html"][:200]))
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append((name, "scrolls sideways"))

    for path in PAGES:
        page.goto(site.url + path)
        check(path)
    for path, button, shown in STEPS:
        page.goto(site.url + path)
        page.evaluate("document.querySelectorAll('form').forEach(f => (f.noValidate = true))")
        page.click(button)
        expect(page.locator(shown)).to_be_visible()
        check(shown)
    users.stale = True
    page.goto(site.url + "/account")
    page.click("#export-form button")
    expect(page.locator("#confirm-form")).to_be_visible()
    check("confirm")
    assert found == []


def test_a_code_behind_the_hash_goes_into_the_form_and_out_of_the_address(site):
    page = site.open("/users/reset#token=secret-code")
    expect(page.locator("#token")).to_have_value("secret-code")
    assert page.url == site.url + "/users/reset"


def test_the_name_in_the_header_is_a_way_to_the_account_on_a_phone_too(site):
    page = site.open("/", ANA, viewport=PHONE)
    page.click(".who")
    expect(page.locator("h1")).to_have_text("Your account")


def test_promise_a_session_that_ended_elsewhere_is_told_and_the_text_waits_for_its_person(site):
    site.backends.notes.put("menu", "Menu", "Soup")
    page = _live(site.open("/notes/menu/edit", ANA))
    text_field(page).fill("Soup and cake")
    site.backends.users.sessions.clear()
    page.script.end_session()
    notice = page.locator("#signed-out")
    expect(notice).to_contain_text("You were signed out")
    expect(page.locator("#status")).to_contain_text("You were signed out")
    expect(page.locator("#body")).to_have_value("Soup and cake")
    notice.get_by_role("link", name="Log in again").click()
    assert page.url == site.url + "/users/login?next=/notes/menu/edit"
    page.fill("#username", "ana")
    page.fill("#password", "correct horse")
    page.click("#login-form button.primary")
    expect(page.locator("#restore")).to_contain_text("unsaved text from")
    page.click("[data-action=restore-draft]")
    expect(page.locator("#body")).to_have_value("Soup and cake")


def test_a_socket_that_the_gateway_closed_by_mistake_comes_back_with_a_new_token(site):
    page = _live(site.open("/", ANA))
    page.script.end_session()
    page.wait_for_function("document.getElementById('connection').dataset.state === 'live'")
    expect(page.locator("#signed-out")).to_be_hidden()


def _live(page: ScriptedPage) -> ScriptedPage:
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page
