"""People, their accounts and those who run them: through the pages of the whole system."""

import re
import select
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from authenticator_app import code
from browser_pages import OpenWindow
from people import Person
from playwright.sync_api import expect
from wired_stack import WiredStack

pytestmark = pytest.mark.browser

NEW = "nine green apples"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
QUICK_START = Path(__file__).parents[1] / "docs" / "topics" / "api.md"


@pytest.fixture
def admin(stack: WiredStack) -> Person:
    return stack.people.administrator()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_person_changes_profile_and_password_and_sees_the_sessions(
    window: OpenWindow, ben: Person, scripts: bool
) -> None:
    bens = window(ben, java_script_enabled=scripts)
    page = bens.go("/")
    page.click(".who")
    page.fill("#name", "Benjamin")
    page.fill("#email", "ben@example.org")
    page.click("#profile-form button")
    expect(page.locator(".who-name")).to_have_text("Benjamin")
    other = window()
    other.log_in(ben.username, ben.password)
    bens.go("/account/sessions")
    expect(page.locator("#sessions .entry")).to_have_count(2)
    bens.go("/account/password")
    page.fill("#old_password", ben.password)
    page.fill("#password", NEW)
    page.click("#password-form button[type=submit]")
    expect(page.locator("h1")).to_have_text("Your account")
    assert "/users/login" in other.go("/account").url
    other.log_in(ben.username, NEW)
    expect(other.page.locator(".who-name")).to_have_text("Benjamin")


def test_an_account_is_deleted_and_its_notes_stay(window: OpenWindow, ben: Person) -> None:
    key = ben.create("Menu")["key"]
    bens = window(ben)
    page = bens.go("/account/delete")
    page.fill("#username", ben.username)
    page.click("#delete-account-form button.danger")
    expect(bens.toasts).to_contain_text("Your account is deleted")
    bens.go(f"/notes/{key}")
    expect(bens.title).to_have_text("Menu")
    bens.log_in(ben.username, ben.password)
    expect(page.locator("#errors")).to_contain_text("Incorrect user name or password")


def test_two_steps_are_set_up_asked_for_and_a_recovery_code_gets_in(
    window: OpenWindow, ben: Person
) -> None:
    bens = window(ben)
    page = bens.go("/account/two-step")
    page.click("#begin-form button")
    expect(page.locator(".qr")).to_have_js_property("complete", True)
    assert page.locator(".qr").evaluate("picture => picture.naturalWidth") > 0
    page.fill("#code", code(page.locator("#totp-key").inner_text()))
    page.click("#enrolment-form button")
    recovery = page.locator("#recovery-codes li").first.inner_text()
    bens.log_out()
    bens.log_in(ben.username, ben.password)
    expect(page.locator("h1")).to_have_text("One more step")
    page.fill("#code", "000000")
    page.click("#second-step-form button")
    expect(page.locator("#code-error")).to_contain_text("wrong")
    page.fill("#code", recovery)
    page.click("#second-step-form button")
    expect(page.locator(".who-name")).to_have_text("Ben")


def test_an_administrator_finds_helps_and_disables_somebody(
    window: OpenWindow, admin: Person, ben: Person
) -> None:
    adas, bens = window(admin), window(ben)
    page = adas.go("/admin")
    page.fill("#who", ben.username)
    page.click("#accounts-filter button")
    page.click("#accounts a")
    page.click("#reset-link-form button")
    link = page.locator("#reset-link-value").input_value()
    reset = window()
    reset.page.goto(link)
    expect(reset.page.locator("#token")).not_to_have_value("")
    assert "#" not in reset.page.url  # the code leaves the address at once
    reset.page.fill("#password", NEW)
    reset.page.click("#reset-form button[type=submit]")
    expect(reset.toasts).to_contain_text("Log in with it")
    reset.log_in(ben.username, NEW)
    expect(reset.page.locator(".who-name")).to_have_text("Ben")
    assert "/users/login" in bens.go("/account").url

    adas.go(f"/admin/accounts/{ben.id}")
    page.click("#disable-form button")
    expect(page.locator("#person-title")).to_contain_text("Disabled")
    assert "/users/login" in reset.go("/account").url
    adas.go(f"/admin/audit?account={ben.username}")
    expect(page.locator('#audit [data-event="account_disabled"]')).to_contain_text(ben.username)


def test_an_invitation_link_makes_an_account(window: OpenWindow, admin: Person) -> None:
    adas, guest = window(admin), window()
    page = adas.go("/admin/invitations")
    page.select_option("#role", "reader")
    page.click("#invite-form button")
    guest.page.goto(page.locator("#invitation-value").input_value())
    expect(guest.page.locator("#invite")).not_to_have_value("")
    name = f"guest-{time.time_ns()}"
    guest.page.fill("#username", name)
    guest.page.fill("#password", NEW)
    guest.page.click("#signup-form button[type=submit]")
    expect(guest.page.locator(".who-name")).to_have_text(name)
    # A reader is offered nothing to write with.
    expect(guest.page.get_by_role("link", name="New note")).to_have_count(0)
    assert "Not allowed" in guest.go("/admin").inner_text("h1")


def test_a_program_lists_writes_and_follows_notes_with_a_personal_token(
    window: OpenWindow, stack: WiredStack, ben: Person, tmp_path: Path
) -> None:
    bens = window(ben)
    page = bens.go("/account/tokens")
    page.fill("#name", "a script")
    for scope in ("write", "realtime"):
        page.check(f"#scope_{scope}")
    page.click("#token-form button.primary")
    token = page.locator("#token-value").input_value()
    api = httpx.Client(
        base_url=stack.url, headers={"Authorization": f"Bearer {token}"}, trust_env=False
    )
    script = tmp_path / "follow.py"
    script.write_text(re.findall(r"```python\n(.*?)```", QUICK_START.read_text(), re.S)[0])
    environ = {"NOTES": stack.url, "TOKEN": token, "PATH": "", "NO_PROXY": "*"}
    with (
        api,
        subprocess.Popen(
            [sys.executable, str(script)], env=environ, stdout=subprocess.PIPE, text=True
        ) as follower,
    ):
        try:
            assert follower.stdout is not None
            key, line = "", ""
            while not line:
                # Until the follower is subscribed nothing reaches it; then the next one does.
                made = api.post("/api/v1/notes", json={"title": "By a script", "body": "x"})
                assert made.status_code == 201, made.text
                key = made.json()["key"]
                time.sleep(0.3)
                line = follower.stdout.readline() if _readable(follower) else ""
            assert line.startswith("note.created ")
        finally:
            follower.terminate()
        rows = api.get("/api/v1/notes", params={"q": "By a script"}).json()["notes"]
        assert key in [row["key"] for row in rows]
        bens.go("/account/tokens")
        page.get_by_role("button", name="Revoke a script").click()
        expect(bens.toasts).to_contain_text("revoked")
        assert api.get("/api/v1/notes").json()["code"] == "invalid_api_token"


def _readable(follower: subprocess.Popen[str]) -> bool:
    assert follower.stdout
    return bool(select.select([follower.stdout], [], [], 0)[0])


def test_a_passkey_signs_in_and_proves_who_one_is(window: OpenWindow, ben: Person) -> None:
    bens = window()
    # Passkeys are for the site's name, never for an address.
    bens.url = bens.url.replace("127.0.0.1", "localhost")
    devtools = bens.context.new_cdp_session(bens.page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    bens.log_in(ben.username, ben.password)
    page = bens.go("/account/passkeys")
    page.click("#add-passkey-form button")
    page.fill("#name", "My laptop")
    page.click("#new-passkey-form button")
    expect(page.locator("#passkeys .entry-title")).to_have_text("My laptop")
    bens.log_out()
    bens.go("/users/login?next=/account/passkeys")
    page.click("#passkey-form button")
    expect(page.locator("#passkeys")).to_contain_text("last used just now")
    page.get_by_role("button", name="Remove My laptop").click()
    expect(page.locator("#passkeys")).to_have_count(0)
