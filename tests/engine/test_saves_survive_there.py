"""Promise: saves survive restarts on a real engine: the restart policy brings back what died.

As in tests/test_saves_survive.py; what is killed is killed by the host's pid, as the kernel
would, so that Docker's policy is what starts it again.
"""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from compose_file import OWN_IMAGES
from conditions import PROMISED_SECONDS, eventually
from guest import Guest
from installation import Installation
from live_client import LiveClients
from playwright.sync_api import Browser
from saves_announced import faults, shown
from saving_pages import Author, SavingPages, told

Json = dict[str, Any]

PARTS = [*sorted(OWN_IMAGES), "postgres", "valkey"]
WRITERS, TALKERS = 8, 2
BACK_SECONDS = 120


def restart(installation: Installation, name: str) -> None:
    installation.compose("restart", name)


def kill(installation: Installation, name: str) -> None:
    [container] = installation.containers(name)
    os.kill(installation.pid(container), signal.SIGKILL)

    def is_back() -> bool:
        [now] = installation.containers(name)
        is_new = now["State"]["StartedAt"] != container["State"]["StartedAt"]
        return is_new and now["State"]["Health"]["Status"] == "healthy"

    eventually(is_back, within=BACK_SECONDS)


@pytest.mark.parametrize("name", PARTS)
def test_promise_no_save_fails_while_a_container_is_restarted_or_killed(
    installation: Installation,
    ada: Guest,
    browser: Browser,
    record_property: Any,
    name: str,
) -> None:
    session = ada.http.cookies["notes_session"]
    keys = [ada.write("begun") for _ in range(WRITERS)]
    discussed = ada.write("Discussed")
    pages = SavingPages(
        browser,
        installation.url,
        writers=[Author(session, key) for key in keys],
        talkers=[Author(session, discussed)] * TALKERS,
    )
    acts: list[Callable[[Installation, str], None]] = [restart, kill]
    with LiveClients(installation.url) as clients, pages:
        watchers = [clients.watch() for _ in range(3)]
        reader = browser.new_page()
        reader.goto(f"{installation.url}/notes/{discussed}")
        away = []
        for act in acts:
            pages.more(1)
            since = time.monotonic()
            act(installation, name)
            away.append(f"{time.monotonic() - since:.1f}")
            pages.more(2)
        saves = pages.stop()
        line = f"{told(name, saves)}; back after {' and '.join(away)} s"
        print(line)
        record_property("saves", line)
        assert [save for save in saves if save.has_failed] == []
        written = [save for save in saves if save.key != discussed]
        assert faults(written, watchers, keys, lambda: live(ada, "home")["notes"]) == []
        said = sorted(save.text for save in saves if save.key == discussed)
        assert live(ada, f"notes/{discussed}")["comments"]["total"] == len(said)
        eventually(lambda: shown(reader) == said, within=PROMISED_SECONDS)
        reader.close()


def live(guest: Guest, path: str) -> Json:
    answer = guest.http.get(f"/live/{path}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found
