"""A forgotten password, from the login page over the mailbox and back, in a real browser."""

import re
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from browser_pages import OpenWindow
from local_stack.ports import free_port
from people import Person
from playwright.sync_api import expect
from wired_stack import WiredStack

pytestmark = pytest.mark.browser

NEW = "another river at dusk"


class Mailbox:
    """Of everybody: what the mail server has got."""

    def __init__(self) -> None:
        self._emails: list[tuple[str, str]] = []
        self._came = threading.Condition()

    async def handle_DATA(self, _: Any, __: Any, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        email = message_from_bytes(content, policy=policy.default)
        plain = email.get_body(("plain",))
        assert plain is not None
        text = str(plain.get_content())
        with self._came:
            self._emails.append((envelope.rcpt_tos[0], text))
            self._came.notify_all()
        return "250 OK"

    def email(self, to: str, number: int) -> str:
        """The text of the one that came to `to` as number `number`, from 1."""

        def theirs() -> list[str]:
            return [text for reader, text in self._emails if reader == to]

        with self._came:
            assert self._came.wait_for(lambda: len(theirs()) >= number, timeout=30)
            return theirs()[number - 1]


@pytest.fixture
def mailbox(stack: WiredStack) -> Iterator[Mailbox]:
    """The quiet stack's users-service sends e-mails while this is there."""
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    users = stack.services["users-service"]
    before = dict(users.env)
    users.env.update(
        USERS_MAIL_FROM="Notes <notes@notes.example>",
        USERS_SMTP_HOST="127.0.0.1",
        USERS_SMTP_PORT=str(server.port),
        USERS_SMTP_SECURITY="none",
    )
    users.stop()
    users.start()
    yield box
    users.stop()
    users.env.clear()
    users.env.update(before)
    users.start()
    server.stop()


def link(text: str) -> str:
    found = re.search(r"http://localhost:\d+/users/\S+", text)
    assert found
    return found[0]


def test_an_address_is_confirmed_and_brings_back_in_who_forgot_the_password(
    window: OpenWindow, mailbox: Mailbox, stack: WiredStack, ana: Person
) -> None:
    address = f"{ana.username}@home.example"
    anas = window(ana)
    page = anas.go("/account")
    page.fill("#email", address)
    page.click("#profile-form button[type=submit]")
    expect(page.locator("#verify-email-form")).to_contain_text("Not confirmed yet")
    anas.page.goto(link(mailbox.email(address, 1)))
    expect(page.locator("#token")).not_to_have_value("")
    assert "#" not in page.url
    page.click("#confirm-form button[type=submit]")
    expect(anas.toasts).to_contain_text(f"E-mails go to {address}")
    expect(page.locator("#verify-email-form")).to_have_count(0)

    elsewhere = window()
    there = elsewhere.go("/users/login")
    there.click("text=Forgot your password?")
    there.fill("#account", address)
    there.click("#forgot-form button[type=submit]")
    expect(there.locator("h1")).to_have_text("Check your e-mail")
    there.goto(link(mailbox.email(address, 2)))
    there.fill("#password", NEW)
    there.click("#reset-form button[type=submit]")
    expect(elsewhere.toasts).to_contain_text("Log in with it")
    elsewhere.log_in(ana.username, NEW)
    expect(there.locator(".who-name")).to_have_text("Ana")
    assert "/users/login" in anas.go("/account").url
    assert "A new password was set" in mailbox.email(address, 3)
    log = (stack.logs_dir / "users-service.log").read_text()
    assert address not in log
    for number in (1, 2):
        assert link(mailbox.email(address, number)).partition("token=")[2] not in log
