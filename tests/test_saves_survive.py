"""Promise: saves survive restarts: whatever part is restarted or killed, no save fails.

Ten pages with scripts, each of which saves or comments every second, while one part after the
other is told to stop and started again, then killed and started again. A save fails only if its
page does not end at "saved" within 15 s. Every save is made once, announced, and shown once.
Forms without scripts, which nobody can repeat while web or the edge itself is away, are counted
apart.
"""

import time
from contextlib import ExitStack
from typing import Any

import pytest
from conditions import PROMISED_SECONDS, eventually
from live_client import LiveClients
from people import Person
from playwright.sync_api import Browser
from saves_announced import faults, shown
from saving_forms import SavingForms
from saving_pages import Author, SavingPages, told
from wired_stack import WiredStack

pytestmark = [pytest.mark.alone, pytest.mark.browser, pytest.mark.timeout(300)]

PARTS = [
    "users-service",
    "notes-service",
    "web",
    "realtime-gateway",
    "edge",
    "postgres",
    "valkey",
]
WRITERS, TALKERS = 8, 2
ACTS = ["stop", "kill"]


@pytest.fixture
def people(hurt_stack: WiredStack) -> list[Person]:
    return [hurt_stack.people.sign_up(f"Writer {number}") for number in range(WRITERS)]


def authors(people: list[Person], keys: list[str]) -> list[Author]:
    return [Author(person.session, key) for person, key in zip(people, keys, strict=True)]


@pytest.mark.parametrize("name", PARTS)
def test_promise_no_save_fails_while_a_part_is_restarted_or_killed(
    hurt_stack: WiredStack,
    people: list[Person],
    browser: Browser,
    record_property: Any,
    name: str,
) -> None:
    part = hurt_stack.parts[name]
    keys = [person.create("begun")["key"] for person in people]
    discussed = people[0].create("Discussed")["key"]
    talkers = [Author(person.session, discussed) for person in people[:TALKERS]]
    plain = people[0].create("By forms")["key"]
    forms = SavingForms(hurt_stack.url, session=people[0].session, key=plain)
    pages = SavingPages(browser, hurt_stack.url, writers=authors(people, keys), talkers=talkers)
    with ExitStack() as going:
        clients = going.enter_context(LiveClients(hurt_stack.url))
        going.enter_context(pages)
        going.enter_context(forms)
        watchers = [clients.watch() for _ in range(3)]
        reader = browser.new_page()
        reader.goto(f"{hurt_stack.url}/notes/{discussed}")
        away = []
        for act in ACTS:
            pages.more(1)
            since = time.monotonic()
            getattr(part, act)()
            part.start()
            away.append(f"{time.monotonic() - since:.1f}")
            pages.more(2)
        saves = pages.stop()
        line = f"{told(name, saves)}; {forms.told}; away for {' and '.join(away)} s"
        print(line)
        record_property("saves", line)
        assert [save for save in saves if save.has_failed] == []
        written = [save for save in saves if save.key != discussed]
        assert faults(written, watchers, keys, people[0].all_notes) == []
        said = sorted(save.text for save in saves if save.key == discussed)
        assert sorted(each["text"] for each in people[0].comments(discussed)) == said
        eventually(lambda: shown(reader) == said, within=PROMISED_SECONDS)
        reader.close()
