"""Passkeys in a real Chromium with its virtual authenticator."""

import pytest
from fake_backends import ANA
from playwright.sync_api import Page, expect
from served_web import Served

pytestmark = pytest.mark.browser

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def site_host() -> str:
    """Passkeys are for names, never for an address."""
    return "localhost"


def _with_authenticator(page: Page) -> Page:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return page


def _add(site: Served, page: Page) -> None:
    page.goto(site.url + "/account/passkeys")
    page.click("#add-passkey-form button")
    page.fill("#name", "My laptop")
    page.click("#new-passkey-form button")
    expect(page.locator("#passkeys .entry-title")).to_have_text("My laptop")


def test_a_passkey_is_added_signs_in_and_is_removed(site):
    page = _with_authenticator(site.open("/", ANA))
    _add(site, page)
    page.click("#logout button")
    page.goto(site.url + "/users/login?next=/trash")
    page.click("#passkey-form button")
    expect(page.locator("h1")).to_have_text("Trash")
    page.goto(site.url + "/account/passkeys")
    page.get_by_role("button", name="Remove My laptop").click()
    expect(page.locator(".toast")).to_contain_text("removed")
    expect(page.locator("#passkeys")).to_have_count(0)


def test_a_passkey_proves_who_one_is_and_the_form_goes_on(site):
    page = _with_authenticator(site.open("/", ANA))
    _add(site, page)
    site.backends.users.stale = True
    page.goto(site.url + "/account/tokens")
    page.fill("#name", "backup")
    page.click("#token-form button.primary")
    page.click("#confirm-passkey button")
    expect(page.locator("#token-value")).to_have_value("notes_abc-token-0")


def test_a_browser_without_a_passkey_is_told_and_the_password_still_works(site):
    page = _with_authenticator(site.open("/users/login"))
    page.click("#passkey-form button")
    expect(page.locator("#passkey-form [data-field=error]")).to_be_visible()
    page.fill("#username", "ana")
    page.fill("#password", "correct horse")
    page.click("#login-form button.primary")
    expect(page.locator(".who-name")).to_have_text("Ana")
