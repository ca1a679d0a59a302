"""Who is here: names for people who are signed in, gone soon after they have left."""

import json

import httpx
import pytest
from browser_pages import OpenWindow
from people import Person
from playwright.sync_api import expect
from wired_stack import WiredStack

pytestmark = pytest.mark.browser

ASKED_WITHIN_MS = 12_000
"""Every eight seconds, of what is two seconds old at most."""


def test_readers_writers_and_guests_are_seen_and_leave(
    window: OpenWindow, ana: Person, ben: Person
) -> None:
    key = ana.create("Menu", "Soup")["key"]
    bens, guest = window(ben), window()
    guest.watch_note(key)
    bens.go(f"/notes/{key}/edit")
    bens.wait_until_live()
    anas = window(ana)
    anas.watch_note(key)
    expect(anas.company).to_have_text(
        "Ben is writing, 1 guest is here", timeout=ASKED_WITHIN_MS
    )

    bens.watch_note(key)
    expect(anas.company).to_have_text("Ben and 1 guest are here", timeout=ASKED_WITHIN_MS)
    expect(bens.company).to_have_text("Ana and 1 guest are here", timeout=ASKED_WITHIN_MS)
    guest.page.close()
    bens.page.close()
    expect(anas.company).to_be_hidden(timeout=ASKED_WITHIN_MS)
    assert anas.is_same_document()


def test_two_who_write_the_same_note_are_told_of_each_other(
    window: OpenWindow, ana: Person, ben: Person
) -> None:
    key = ana.create("Menu", "Soup")["key"]
    windows = [window(person) for person in (ana, ben)]
    for each in windows:
        each.go(f"/notes/{key}/edit")
        each.wait_until_live()
    for each, other in zip(windows, ("Ben", "Ana"), strict=True):
        notice = each.page.locator("#writers")
        expect(notice).to_contain_text(
            f"{other} is writing in this note too", timeout=ASKED_WITHIN_MS
        )


def test_promise_coming_and_going_is_sent_to_nobody(window: OpenWindow, ana: Person) -> None:
    """A thousand viewers are no million messages: a viewer's socket stays silent."""
    key = ana.create("Menu", "Soup")["key"]
    anas = window(ana)
    frames: list[str] = []
    anas.page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda sent: frames.append(str(sent))),
    )
    anas.watch_note(key)
    quiet = len(frames)
    for _ in range(5):
        guest = window()
        guest.watch_note(key)
        guest.page.close()
    assert not [frame for frame in frames[quiet:] if "join" in frame or "leave" in frame]


def test_names_are_for_people_who_are_signed_in(stack: WiredStack, ana: Person) -> None:
    key = ana.create("Menu", "Soup")["key"]
    path = f"{stack.url}/live/notes/{key}/present"
    assert httpx.get(path).status_code == 401
    mine = httpx.get(path, cookies={"notes_session": ana.session})
    assert mine.status_code == 200
    assert ana.id not in json.dumps(mine.json())
