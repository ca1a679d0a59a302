"""The first run, and who may come in later: open, by invitation, not at all."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from browser_pages import OpenWindow, open_window
from playwright.sync_api import Browser, expect
from wired_stack import WiredStack

pytestmark = pytest.mark.browser

PASSWORD = "nine red apples"
SETUP_TOKEN = "the-token-that-notes-secrets-wrote"

Mode = Callable[..., WiredStack]


@pytest.fixture
def stack_with(servers_dir: Path, tmp_path: Path) -> Iterator[Mode]:
    """A fresh installation whose sign-up is in `mode`."""
    with ExitStack() as stacks:

        def start(mode: str, **settings: str) -> WiredStack:
            fresh = WiredStack(servers_dir / tmp_path.name, durable=False, sign_up=mode)
            fresh.services["users-service"].env.update(settings)
            return stacks.enter_context(fresh)

        yield start


def test_the_first_sign_up_becomes_administrator_and_the_second_does_not(
    browser: Browser, stack_with: Mode
) -> None:
    stack = stack_with("open")
    first, second = (open_window(browser, stack.url) for _ in range(2))
    first.go("/users/signup")
    expect(first.page.locator("h1")).to_have_text("Create the first account")

    first.sign_up("ada", PASSWORD, "Ada")
    second.sign_up("ben", PASSWORD, "Ben")

    expect(first.page.locator("body")).to_have_attribute("data-admin", "yes")
    expect(second.page.locator("body")).to_have_attribute("data-admin", "")
    expect(second.page.locator(".who-name")).to_have_text("Ben")


@pytest.mark.long
def test_a_closed_site_lets_the_first_administrator_in_with_the_token_and_nobody_else(
    browser: Browser, stack_with: Mode
) -> None:
    stack = stack_with("closed", USERS_SETUP_TOKEN=SETUP_TOKEN)
    window = open_window(browser, stack.url)
    window.sign_up("eve", PASSWORD, setup_token="not the token at all")
    expect(window.page.locator("#errors")).to_contain_text("setup token")

    window.sign_up("ada", PASSWORD, setup_token=SETUP_TOKEN)
    expect(window.page.locator("body")).to_have_attribute("data-admin", "yes")

    stranger = open_window(browser, stack.url)
    stranger.go("/users/signup")
    expect(stranger.page.locator("main")).to_contain_text("Sign-up is closed")
    expect(stranger.page.locator("#signup-form")).to_have_count(0)


@pytest.mark.long
def test_by_invitation_a_stranger_without_one_is_refused(
    browser: Browser, stack_with: Mode
) -> None:
    stack = stack_with("invite", USERS_SETUP_TOKEN=SETUP_TOKEN)
    admin = open_window(browser, stack.url)
    admin.sign_up("ada", PASSWORD, setup_token=SETUP_TOKEN)

    stranger = open_window(browser, stack.url)
    stranger.sign_up("eve", PASSWORD, invite="of my own making")
    expect(stranger.page.locator("#errors")).to_contain_text("invitation is not valid")


def test_an_open_site_tells_which_name_is_taken_and_which_password_is_too_short(
    window: OpenWindow, stack: WiredStack
) -> None:
    taken = stack.people.sign_up().username
    page = window()
    page.sign_up(taken, PASSWORD)
    expect(page.page.locator("#username-error")).to_contain_text("taken")
    page.sign_up(f"{taken}2", "short")
    expect(page.page.locator("#password-error")).to_contain_text("at least 8")
