"""What must be true of saves that pages made while parts of the system came and went.

Each is announced, under one id however often it is said, in order; nothing is that nobody
saved; and an open page shows each once.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from conditions import PROMISED_SECONDS, eventually
from history_checker import Known, Loaded, Run, Seen, Write, judge
from live_client import Watcher
from playwright.sync_api import Page
from saving_pages import Save


def shown(reader: Page) -> list[str]:
    """The comments of an open page, which was never loaded again."""
    return sorted(reader.locator("#comment-list [data-field=text]").all_inner_texts())


def faults(
    saves: list[Save],
    watchers: list[Watcher],
    keys: list[str],
    stored: Callable[[], list[dict[str, Any]]],
) -> list[object]:
    """What is wrong with what the watchers heard of these saves; `stored` reads the list."""
    final = {
        row["key"]: Known(row["version"], row["title"])
        for row in stored()
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
        f"watcher {number}": [_of_these(entry, keys) for entry in watcher.record]
        for number, watcher in enumerate(watchers)
    }
    doubled = [each for watcher in watchers for each in _said_by_two_ids(watcher, keys)]
    return [*judge(Run(writes, [], records, final)), *doubled]


def _of_these(entry: Loaded | Seen, keys: list[str]) -> Loaded | Seen:
    if isinstance(entry, Loaded):
        return Loaded(entry.offset, {k: v for k, v in entry.notes.items() if k in keys})
    return entry if entry.key in keys else Seen(entry.offset, entry.key)


def _said_by_two_ids(watcher: Watcher, keys: list[str]) -> list[tuple[str, int]]:
    """Saves whose event came again under another id."""
    ids: dict[tuple[str, int], set[str]] = defaultdict(set)
    for event in watcher.events:
        note = event.get("note", {})
        if note.get("key") in keys and event["type"] == "note.updated":
            ids[note["key"], note["version"]].add(event["id"])
    return [save for save, known in ids.items() if len(known) > 1]
