"""Signing in at a real OpenID provider, in a real browser, through the whole system."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from answer_log import AnswerLog
from authenticator_app import code
from browser_pages import OpenWindow, Window
from github import GitHub
from looks import DESKTOP, PHONE, looks
from page_reader import Reader
from people import Person
from playwright.sync_api import ViewportSize, expect
from real_provider import SECRET, RealProvider
from wired_stack import WiredStack

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def provider() -> Iterator[RealProvider]:
    with RealProvider("to be said") as provider:
        yield provider


@pytest.fixture(scope="module")
def github() -> Iterator[GitHub]:
    github = GitHub()
    with github.serving():
        yield github


@pytest.fixture(scope="module")
def stack(
    servers_dir: Path,
    answer_logs: list[AnswerLog],
    provider: RealProvider,
    github: GitHub,
) -> Iterator[WiredStack]:
    """One whose people may sign in elsewhere."""
    stack = WiredStack(servers_dir / "elsewhere", durable=False)
    provider.redirect_uri = f"{stack.url}/users/callback/op"
    provider.start()
    stack.services["users-service"].env.update(
        USERS_PROVIDERS=json.dumps([provider.listed(), github.listed()]),
        USERS_PROVIDER_SECRETS=json.dumps({"op": SECRET}),
    )
    answer_logs.append(stack.answers)
    with stack, stack.wire, stack.people:
        yield stack


@pytest.fixture
def without_passwords(stack: WiredStack) -> Iterator[None]:
    service = stack.services["users-service"]
    for switch in ("off", "on"):
        service.stop()
        service.env["USERS_PASSWORD_LOGIN"] = switch
        service.start()
        if switch == "off":
            yield


class Traveller:
    """A window that may go to the provider, and knows its pages."""

    def __init__(self, window: Window, provider: RealProvider) -> None:
        window.elsewhere.add(provider.issuer.removeprefix("http://"))
        self.window, self.page, self._provider = window, window.page, provider

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def arrive(self) -> None:
        self.page.wait_for_url(f"{self._provider.issuer}/**")

    def say_who(self, name: str) -> None:
        """At the provider, which asks; and agree to what we want to know."""
        self.arrive()
        self.page.fill("input[name=login]", name)
        self.page.fill("input[name=password]", "any")
        self.page.click("button[type=submit]")
        self.page.wait_for_load_state()
        if self.page.url.startswith(self._provider.issuer):
            self.page.click("button[type=submit]")

    def log_in(self) -> None:
        self.window.go("/users/login")
        self.press("Log in with The OP")


def make_stale(stack: WiredStack) -> None:
    """As if everybody had proven who they are an hour ago."""
    sql = "UPDATE sessions SET reauthenticated_at = now() - interval '1 hour'"
    stack.postgres.execute(sql, database="users")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_person_signs_in_at_a_provider_and_comes_back_to_the_same_account(
    window: OpenWindow, stack: WiredStack, provider: RealProvider, scripts: bool
) -> None:
    name = f"ivy-{scripts}"
    ivy = Traveller(window(java_script_enabled=scripts), provider)
    ivy.window.go("/users/login?next=/trash")
    ivy.press("Log in with The OP")
    ivy.say_who(name)
    expect(ivy.page.locator(".who-name")).to_have_text(f"{name} of elsewhere")
    assert ivy.page.url == f"{stack.url}/trash"
    # It is her only way in.
    ivy.window.go("/account")
    ivy.press("Unlink The OP")
    expect(ivy.window.toasts).to_contain_text("your only way to sign in")
    ivy.window.log_out()
    ivy.log_in()  # the provider remembers her, and asks nothing
    expect(ivy.page.locator(".who-name")).to_have_text(f"{name} of elsewhere")


def test_a_person_links_a_provider_proves_by_it_who_they_are_and_unlinks_it(
    window: OpenWindow, stack: WiredStack, provider: RealProvider, ben: Person
) -> None:
    bens = Traveller(window(ben), provider)
    make_stale(stack)
    page = bens.window.go("/account")
    bens.press("Link The OP")
    page.fill("#confirm_password", ben.password)
    page.click("#confirm-form button[type=submit]")
    bens.say_who("benjamin")
    expect(bens.window.toasts).to_contain_text("can now sign in with it")
    expect(page.locator("#providers")).to_contain_text("Linked")

    make_stale(stack)
    page.fill("#email", "ben@example.org")
    page.click("#profile-form button")
    expect(page.locator("h1")).to_have_text("Confirm that it is you")
    bens.press("Confirm with The OP")
    bens.say_who("benjamin")  # asked, though he is signed in there
    expect(page.locator("h1")).to_have_text("Identity confirmed")
    bens.press("Continue")
    expect(bens.window.toasts).to_contain_text("Saved.")
    expect(page.locator("#email")).to_have_value("ben@example.org")

    bens.window.log_out()
    bens.log_in()
    expect(page.locator(".who-name")).to_have_text("Ben")
    bens.window.go("/account")
    bens.press("Unlink The OP")
    expect(page.locator("#providers")).not_to_contain_text("Linked")
    bens.window.log_out()
    bens.log_in()
    expect(page.locator(".who-name")).to_have_text("benjamin of elsewhere")  # another account


def test_who_cancels_at_the_provider_is_told_and_nothing_happens(
    window: OpenWindow, provider: RealProvider
) -> None:
    eve = Traveller(window(), provider)
    eve.log_in()
    eve.arrive()
    eve.page.get_by_role("link", name=re.compile("Cancel")).click()
    expect(eve.page.locator("#errors")).to_contain_text("was cancelled")


def test_a_person_signs_in_with_github_which_cannot_prove_who_they_are(
    window: OpenWindow, stack: WiredStack, github: GitHub
) -> None:
    octocat = window()
    octocat.elsewhere.add(github.url.removeprefix("http://"))
    page = octocat.go("/users/login")
    page.get_by_role("button", name="Log in with GitHub").click()
    expect(page.locator(".who-name")).to_have_text("The Octocat")
    make_stale(stack)
    octocat.go("/account")
    page.click("#export-form button")
    expect(page.locator("main")).to_contain_text("Log out, log in again")
    expect(page.locator("#confirm-form")).to_have_count(0)


def test_no_log_of_the_edge_holds_what_a_provider_sends_back(
    window: OpenWindow, stack: WiredStack, provider: RealProvider
) -> None:
    carried: list[str] = []
    ivy = Traveller(window(), provider)
    ivy.page.on("request", lambda request: carried.append(request.url))
    ivy.log_in()
    ivy.say_who("ivy")
    expect(ivy.page.locator(".who-name")).to_have_text("ivy of elsewhere")
    (back,) = [url for url in carried if "/users/callback/op?" in url]
    secrets = re.findall(r"(?:code|state)=([^&]+)", back)
    assert len(secrets) == 2
    logs = {path: path.read_text("utf-8", "replace") for path in stack.logs_dir.iterdir()}
    assert "/users/callback/op?…" in logs[stack.answers.path]
    assert [
        (path.name, each) for path, text in logs.items() for each in secrets if each in text
    ] == []


def test_promise_without_passwords_the_operator_gets_back_in_by_a_link(
    window: OpenWindow,
    stack: WiredStack,
    provider: RealProvider,
    ben: Person,
    without_passwords: None,
) -> None:
    ivy = Traveller(window(), provider)
    page = ivy.window.go("/users/login")
    expect(page.locator("#login-form")).to_have_count(0)
    expect(page.get_by_role("link", name="Create an account")).to_have_count(0)
    ivy.press("Log in with The OP")
    ivy.say_who("ivy")
    expect(page.locator(".who-name")).to_have_text("ivy of elsewhere")

    service = stack.services["users-service"]
    command = [sys.executable, "-m", "users_service.cli", "-u", service.url]
    done = subprocess.run(
        [*command, "sign-in-link", ben.username],
        env={"PATH": os.environ["PATH"], "USERS_API_KEY": stack.environment.users_api_key},
        capture_output=True,
        text=True,
        check=True,
    )
    bens = window()
    bens.page.goto(json.loads(done.stdout)["url"])
    expect(bens.page.locator("#token")).not_to_have_value("")
    assert "#" not in bens.page.url  # the code leaves the address at once
    bens.page.click("#sign-in-link-form button")
    expect(bens.page.locator(".who-name")).to_have_text("Ben")
    other = window()
    other.page.goto(json.loads(done.stdout)["url"])
    expect(other.page.locator("#token")).not_to_have_value("")
    other.page.click("#sign-in-link-form button")
    expect(other.page.locator("#errors")).to_contain_text("no longer valid")


@looks(DESKTOP, PHONE)
def test_no_page_of_the_ways_in_has_an_accessibility_violation(
    window: OpenWindow,
    stack: WiredStack,
    provider: RealProvider,
    ben: Person,
    size: ViewportSize,
    scheme: str,
) -> None:
    prefix = f"{scheme}-{size['width']}-"
    bens = Traveller(window(ben, viewport=size, color_scheme=scheme), provider)
    page, reader = bens.page, Reader(bens.window, prefix)
    guest = Traveller(window(viewport=size, color_scheme=scheme), provider)
    outside = Reader(guest.window, prefix)
    for path in ("/users/login", "/users/signup", "/users/sign-in-link"):
        outside.check_path(path)
    guest.log_in()
    guest.arrive()
    guest.page.get_by_role("link", name=re.compile("Cancel")).click()
    outside.check("login, cancelled")

    reader.check_path("/account")
    bens.press("Link The OP")
    bens.say_who(f"ben-{prefix}")
    expect(bens.window.toasts).to_contain_text("can now sign in")
    reader.check("account, linked")
    make_stale(stack)
    page.click("#export-form button")
    reader.check("confirm")
    bens.press("Confirm with The OP")
    bens.say_who(f"ben-{prefix}")
    reader.check("confirmed")

    bens.window.go("/account/two-step")
    page.click("#begin-form button")
    reader.check("enrolment")
    page.fill("#code", code(page.locator("#totp-key").inner_text()))
    page.click("#enrolment-form button")
    reader.check("recovery codes")
    bens.window.log_out()
    bens.window.log_in(ben.username, ben.password)
    reader.check("second step")
    page.fill("#code", "000000")
    page.click("#second-step-form button")
    reader.check("second step, refused")
    assert reader.found + outside.found == []


@looks(DESKTOP, PHONE)
def test_no_page_has_an_accessibility_violation_without_passwords(
    window: OpenWindow, ben: Person, without_passwords: None, size: ViewportSize, scheme: str
) -> None:
    prefix = f"off-{scheme}-{size['width']}-"
    readers = [
        Reader(window(person, viewport=size, color_scheme=scheme), prefix)
        for person in (None, ben)
    ]
    for path in ("/users/login", "/users/signup", "/users/signup?invited=1"):
        readers[0].check_path(path)
    readers[1].check_path("/account/password")
    assert readers[0].found + readers[1].found == []
