"""Promise: saves survive restarts: whatever part is restarted or killed, no save fails.

Ten pages with scripts, each of which saves or comments every second, while one part after the
other is told to stop and started again, then killed and started again. A save fails only if its
page does not end at "saved" within 15 s. Every save is made once, announced, and shown once.
"""

import time
from collections import defaultdict
from typing import Any

import pytest
from conditions import PROMISED_SECONDS, eventually
from history_checker import Known, Loaded, Run, Seen, Write, judge
from live_client import LiveClients, Watcher
from people import Person
from playwright.sync_api import Browser, Page
from saving_pages import Author, Save, SavingPages, told
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
    pages = SavingPages(browser, hurt_stack.url, writers=authors(people, keys), talkers=talkers)
    with LiveClients(hurt_stack.url) as clients, pages:
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
        line = f"{told(name, saves)}, away for {' and '.join(away)} s"
        print(line)
        record_property("saves", line)
        assert [save for save in saves if save.has_failed] == []
        written = [save for save in saves if save.key != discussed]
        assert announced(written, watchers, people[0], keys) == []
        said = sorted(save.text for save in saves if save.key == discussed)
        assert sorted(each["text"] for each in people[0].comments(discussed)) == said
        eventually(lambda: shown(reader) == said, within=PROMISED_SECONDS)
        reader.close()


def shown(reader: Page) -> list[str]:
    """The comments of an open page, which was never loaded again."""
    return sorted(reader.locator("#comment-list [data-field=text]").all_inner_texts())


def announced(
    saves: list[Save], watchers: list[Watcher], person: Person, keys: list[str]
) -> list[object]:
    """What is wrong with what the watchers heard of these saves."""
    final = {
        row["key"]: Known(row["version"], row["title"])
        for row in person.all_notes()
        if row["key"] in keys
    }
    eventually(
        lambda: all(
            {key: watcher.notes().get(key) for key in keys} == final for watcher in watchers
        ),
        within=PROMISED_SECONDS,
    )
    writes = [Write(key, "begun", 0, 1) for key in keys]
    writes += [Write(save.key, save.text, save.base, save.version) for save in saves]
    records = {
        f"watcher {number}": [of_these(entry, keys) for entry in watcher.record]
        for number, watcher in enumerate(watchers)
    }
    doubled = [each for watcher in watchers for each in said_by_two_ids(watcher, keys)]
    return [*judge(Run(writes, [], records, final)), *doubled]


def of_these(entry: Loaded | Seen, keys: list[str]) -> Loaded | Seen:
    if isinstance(entry, Loaded):
        return Loaded(entry.offset, {k: v for k, v in entry.notes.items() if k in keys})
    return entry if entry.key in keys else Seen(entry.offset, entry.key)


def said_by_two_ids(watcher: Watcher, keys: list[str]) -> list[tuple[str, int]]:
    """Saves whose event came again under another id."""
    ids: dict[tuple[str, int], set[str]] = defaultdict(set)
    for event in watcher.events:
        note = event.get("note", {})
        if note.get("key") in keys and event["type"] == "note.updated":
            ids[note["key"], note["version"]].add(event["id"])
    return [save for save, known in ids.items() if len(known) > 1]
