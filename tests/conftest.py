"""The whole system, a browser, and people: what every test from outside stands on.

Two stacks run for the whole session: a quiet one with one gateway node, and one with two that
tests may hurt. Windows reach each over a wire that can be cut.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answer_log import AnswerLog
from browser_pages import OpenWindow, Window, launch, open_window
from live_client import LiveClients
from people import Person
from playwright.sync_api import Browser, sync_playwright
from unhandled_errors import UnhandledErrors
from wired_stack import WiredStack


@pytest.fixture(scope="session")
def answer_logs() -> list[AnswerLog]:
    """Of every edge that runs."""
    return []


@pytest.fixture(autouse=True)
def _promise_every_answer_of_the_run_carries_the_security_headers(
    answer_logs: list[AnswerLog],
) -> Iterator[None]:
    yield
    assert [fault for log in answer_logs for fault in log.new_faults()] == []


@pytest.fixture(scope="session")
def error_logs() -> list[UnhandledErrors]:
    """Of every stack that runs."""
    return []


@pytest.fixture(autouse=True)
def _no_service_meets_an_error_that_it_did_not_expect(
    error_logs: list[UnhandledErrors],
) -> Iterator[None]:
    yield
    assert [line for log in error_logs for line in log.take()] == []


@pytest.fixture(scope="session")
def stack(
    servers_dir: Path, answer_logs: list[AnswerLog], error_logs: list[UnhandledErrors]
) -> Iterator[WiredStack]:
    """For tests that leave it as it is: everybody's notes are in it.

    It traces all it can, so that what may not be logged is looked for where it would be.
    """
    loud = {"NOTES_DEBUG": "*", "LOG_LEVEL": "DEBUG"}
    stack = WiredStack(servers_dir / "quiet", durable=False, settings=loud)
    answer_logs.append(stack.answers)
    error_logs.append(stack.errors)
    with stack, stack.wire, stack.people:
        yield stack


@pytest.fixture(scope="session")
def _hurt_stack(
    servers_dir: Path, answer_logs: list[AnswerLog], error_logs: list[UnhandledErrors]
) -> Iterator[WiredStack]:
    stack = WiredStack(servers_dir / "hurt", gateways=2)
    answer_logs.append(stack.answers)
    error_logs.append(stack.errors)
    with stack, stack.wire, stack.people:
        yield stack


@pytest.fixture
def hurt_stack(_hurt_stack: WiredStack) -> Iterator[WiredStack]:
    """For tests that take parts away: two gateway nodes, and a disk that is waited for."""
    yield _hurt_stack
    _hurt_stack.wire.mend()
    for part in _hurt_stack.parts.values():
        part.process.resume()
        if not part.process.running:
            part.start()


@pytest.fixture
def ana(stack: WiredStack) -> Person:
    return stack.people.sign_up("Ana")


@pytest.fixture
def ben(stack: WiredStack) -> Person:
    return stack.people.sign_up("Ben")


@pytest.fixture
def live(stack: WiredStack) -> Iterator[LiveClients]:
    with LiveClients(stack.url) as clients:
        yield clients


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Per module: Playwright's loop would stand in the way of asyncio tests elsewhere."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def window(browser: Browser, stack: WiredStack) -> Iterator[OpenWindow]:
    """Opens windows on the quiet stack; at the end none may have had a problem."""
    yield from _windows(browser, stack)


@pytest.fixture
def hurt_window(browser: Browser, hurt_stack: WiredStack) -> Iterator[OpenWindow]:
    """Opens windows on the stack that is hurt, over its wire."""
    yield from _windows(browser, hurt_stack)


def _windows(browser: Browser, stack: WiredStack) -> Iterator[OpenWindow]:
    opened: list[Window] = []

    def opens(person: Person | None = None, *, wired: bool = False, **options: Any) -> Window:
        cable = {"proxy": stack.wire.as_proxy} if wired else {}
        opened.append(open_window(browser, stack.url, person, **cable, **options))
        return opened[-1]

    yield opens
    problems = [problem for window in opened for problem in window.all_problems()]
    problems += [fault for window in opened for fault in window.cookie_faults()]
    for window in opened:
        window.context.close()
    assert problems == []
