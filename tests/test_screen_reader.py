"""Pages of accounts, security and administration: as they are heard, and by the keyboard."""

import re
import time
from collections.abc import Callable

import httpx
import pytest
from accessible_tree import Node, faults, focus_faults, tree
from authenticator_app import code
from browser_pages import OpenWindow, Window
from looks import DESKTOP, PHONE
from people import Person
from playwright.sync_api import Page, ViewportSize, expect
from wired_stack import WiredStack

pytestmark = pytest.mark.browser

FOR_ANYBODY = [
    "/users/login", "/users/signup", "/users/reset", "/users/forgot", "/users/confirm-email",
    "/users/sign-in-link",
]  # fmt: skip
FOR_PEOPLE = [
    "/account", "/account/password", "/account/two-step", "/account/passkeys",
    "/account/sessions", "/account/tokens", "/account/delete",
]  # fmt: skip
FOR_ADMINISTRATORS = [
    "/admin", "/admin?q=nobody-has-this-name", "/admin/accounts/{ben}", "/admin/invitations",
    "/admin/audit",
]  # fmt: skip


@pytest.fixture
def admin(stack: WiredStack) -> Person:
    return stack.people.administrator()


class Listener:
    """Goes through pages and collects what is wrong with how they are heard."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.found: list[str] = []

    def hear(self, name: str) -> list[Node]:
        page = self.window.page
        nodes = tree(page)
        self.found += [f"{name}: {fault}" for fault in faults(nodes)]
        self.found += [f"{name}: {fault}" for fault in focus_faults(page)]
        if self.window.person and not any(_is(node, "button", "Log out") for node in nodes):
            self.found.append(f"{name}: no way to sign out")
        nameless = page.locator("input[type=password]:not([autocomplete$=-password])")
        if nameless.count():
            self.found.append(f"{name}: a password manager cannot tell what is asked for")
        if not page.title().endswith("Notes") or page.locator("html[lang]").count() != 1:
            self.found.append(f"{name}: title {page.title()!r}")
        return nodes

    def go(self, path: str) -> None:
        self.window.go(path)
        self.hear(path)

    def press(self, path: str, button: str, shown: str) -> None:
        """What a form leads to, secrets that are shown once included."""
        page = self.window.go(path)
        page.evaluate("document.querySelectorAll('form').forEach(f => (f.noValidate = true))")
        page.click(button)
        expect(page.locator(shown)).to_be_visible()
        self.hear(f"{path} {shown}")


@pytest.mark.parametrize(
    "size",
    [pytest.param(DESKTOP, id="desk", marks=pytest.mark.long), pytest.param(PHONE, id="phone")],
)
def test_every_page_of_accounts_and_administration_is_heard_in_full(
    window: OpenWindow, admin: Person, ben: Person, size: ViewportSize
) -> None:
    stranger = Listener(window(viewport=size))
    for path in FOR_ANYBODY:
        stranger.go(path)
    stranger.press("/users/login", "#login-form button.primary", "#errors")
    stranger.press("/users/signup", "#signup-form button[type=submit]", "#errors")

    person = Listener(window(ben, viewport=size))
    for path in FOR_PEOPLE:
        person.go(path)
    person.press("/account/password", "#password-form button[type=submit]", "#errors")
    person.press("/account/two-step", "#begin-form button", "#enrolment-form")
    person.press("/account/tokens", "#token-form button.primary", "#errors")
    person.press("/account/delete", "#delete-account-form button.danger", "#errors")

    runs = Listener(window(admin, viewport=size))
    for path in FOR_ADMINISTRATORS:
        runs.go(path.format(ben=ben.id))
    person_page = f"/admin/accounts/{ben.id}"
    runs.press(person_page, "#reset-link-form button", "#reset-link")
    runs.press("/admin/invitations", "#invite-form button", "#invitation")
    assert stranger.found + person.found + runs.found == []


def test_a_page_that_is_not_heard_in_full_is_noticed(window: OpenWindow) -> None:
    """The rules find what they are there for."""
    heard = Listener(window())
    page = heard.window.go("/users/login")
    spoil = {
        "a textbox without a name": "document.querySelector('label[for=username]').remove()",
        "2 headings of the first level": "document.querySelector('h1').after("
        "document.querySelector('h1').cloneNode(true))",
        "0 landmarks main": "const m = document.querySelector('main'), d = document."
        "createElement('div'); d.append(...m.childNodes); m.replaceWith(d)",
        "the focus jumps about": "document.querySelector('#password').tabIndex = 5",
    }
    for wanted, script in spoil.items():
        page.reload()
        page.evaluate(script)
        heard.found.clear()
        heard.hear("login")
        assert any(wanted in fault for fault in heard.found), (wanted, heard.found)


class Keyboard:
    """Somebody without a mouse: Tab, Enter, Space and letters."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, role: str, name: str) -> None:
        """Tab until the control has the focus; where Tab does not lead, nobody gets."""
        wanted = self.page.get_by_role(role, name=re.compile(name), exact=True)  # type: ignore[arg-type]
        expect(wanted).to_be_visible()
        for _ in range(80):
            if wanted.evaluate("each => each === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {role} {name!r}")

    def write(self, name: str, text: str) -> None:
        self.to("textbox", name)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def press(self, role: str, name: str, key: str = "Enter") -> None:
        self.to(role, name)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)


def test_signing_in_with_a_second_step_and_ending_a_session_needs_no_mouse(
    window: OpenWindow, ben: Person
) -> None:
    with_app = _with_an_app(ben)
    other = window(ben)
    page = window().go("/")
    keys = Keyboard(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keys.press("link", "^Log in$")
    keys.write("^User name", ben.username)
    keys.write("^Password", ben.password)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("One more step")
    keys.write("[Cc]ode", with_app())
    with page.expect_navigation():
        page.keyboard.press("Enter")
    keys.press("link", "^Your account: ")
    keys.press("link", "^Sessions$")
    keys.press("button", "^End the session of", key="Space")
    expect(page.locator("#sessions .entry")).to_have_count(1)
    assert "/users/login" in other.go("/account").url


def test_administration_needs_no_mouse(window: OpenWindow, admin: Person, ben: Person) -> None:
    page = window(admin).go("/admin")
    keys = Keyboard(page)
    keys.to("searchbox", "^Name or e-mail")
    page.keyboard.type(ben.username)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    keys.press("link", f"^{ben.name}$")
    keys.press("button", "^Create a password reset link")
    # What is shown once has the focus, so that it is heard first.
    expect(page.locator("#reset-link")).to_be_focused()
    keys.to("combobox", "^Role")
    page.keyboard.type("Reader")
    keys.press("button", "^Change the role")
    expect(page.get_by_role("combobox", name="Role")).to_have_value("reader")
    keys.press("button", "^Disable this account", key="Space")
    expect(page.locator("#person-title")).to_contain_text("Disabled")
    keys.press("link", "^Audit log of this account")
    expect(page.locator('#audit [data-event="account_disabled"]')).to_have_count(1)


def _is(node: Node, role: str, name: str) -> bool:
    return (node.role, node.name) == (role, name)


def _with_an_app(person: Person) -> Callable[[], str]:
    """Turns the second step on; the codes of the app that the person has now."""
    shown = {"Authorization": f"Bearer {person.session}"}
    with httpx.Client(
        base_url=person.users_url, headers=shown, trust_env=False, timeout=30
    ) as http:
        key = http.post("/v1/account/totp").raise_for_status().json()["secret"]
        before = time.time() - 30  # so that the code of now is left for the sign-in
        answer = http.post("/v1/account/totp/confirm", json={"code": code(key, before)})
        answer.raise_for_status()
    return lambda: code(key, time.time())
