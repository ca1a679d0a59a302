"""Promise: after a fault heals every open page shows the database's state, without reload.

Real windows: one whose cable is cut, all of them while Redis, a gateway node or a service is
away.
"""

import shutil
from collections.abc import Callable

import pytest
from browser_pages import OpenWindow, Window
from conditions import PROMISED_SECONDS, eventually
from people import Person
from playwright.sync_api import expect
from text_field import text_field
from wired_stack import WiredStack

pytestmark = pytest.mark.browser

HISTORY = 300


@pytest.fixture
def writer(hurt_stack: WiredStack) -> Person:
    return hurt_stack.people.sign_up("Ana")


def change(writer: Person, keys: list[str], times: int) -> None:
    """So many saves, spread over the notes."""
    versions = {key: writer.read(key)["version"] for key in keys}
    for number in range(times):
        key = keys[number % len(keys)]
        saved = writer.save(key, version=versions[key], title=f"{key}, save {number}")
        versions[key] = saved["version"]


def shows_the_database(window: Window, writer: Person) -> None:
    """The list is the first page of the database's, row for row, soon and without reload."""
    rows = [(row["key"], row["version"], row["title"]) for row in writer.all_notes()]

    def same() -> bool:
        shown = window.rows()
        assert shown == rows[: len(shown)]
        # A note that was deleted leaves a first page of 50 rows shorter by one.
        return len(shown) >= min(len(rows), 49)

    eventually(same, within=PROMISED_SECONDS)
    assert window.is_same_document()


@pytest.mark.parametrize("changes", [50, HISTORY + 10])
def test_promise_a_window_that_was_offline_catches_up_without_reload(
    hurt_window: OpenWindow, hurt_stack: WiredStack, writer: Person, changes: int
) -> None:
    """With 50 changes from the channel's history; with more than it holds by loading state."""
    keys = [writer.create(f"Note {number}")["key"] for number in range(5)]
    home, note = hurt_window(wired=True), hurt_window(wired=True)
    home.watch_home()
    note.watch_note(keys[0])

    hurt_stack.wire.cut()
    expect(home.page.locator("#connection")).not_to_have_attribute("data-state", "live")
    change(writer, keys, changes)
    writer.comment(keys[0], "While you were away")
    writer.delete(keys[1], version=writer.read(keys[1])["version"])
    hurt_stack.wire.mend()

    shows_the_database(home, writer)
    expect(note.title).to_have_text(writer.read(keys[0])["title"])
    expect(note.comments).to_have_text(["While you were away"])
    assert note.is_same_document()


def test_a_window_says_that_it_is_offline_and_stays_readable(
    hurt_window: OpenWindow, hurt_stack: WiredStack, writer: Person
) -> None:
    key = writer.create("Menu", "Soup")["key"]
    window = hurt_window(wired=True, viewport={"width": 360, "height": 740})
    window.watch_note(key)
    hurt_stack.wire.cut()
    expect(window.page.locator("#connection")).to_be_visible()
    expect(window.page.locator("#connection")).to_contain_text("econnecting")
    expect(window.body).to_have_text("Soup")


def test_promise_what_is_written_while_offline_is_kept_and_saved_afterwards(
    hurt_window: OpenWindow, hurt_stack: WiredStack, writer: Person
) -> None:
    key = writer.create("Menu", "Soup")["key"]
    window = hurt_window(writer, wired=True)
    window.go(f"/notes/{key}/edit")
    window.wait_until_live()
    text_field(window.page).fill("Soup and cake")
    hurt_stack.wire.cut()
    window.page.click("#edit-form button[value=save]")
    expect(window.page.locator("#edit-state")).to_contain_text("kept on this device")
    expect(window.page.locator("#body")).to_have_value("Soup and cake")

    hurt_stack.wire.mend()
    window.wait_until_live()
    window.save()
    expect(window.body).to_have_text("Soup and cake")
    assert writer.read(key)["body"] == "Soup and cake"


def test_promise_all_pages_converge_when_redis_comes_back_empty(
    hurt_window: OpenWindow, hurt_stack: WiredStack, writer: Person
) -> None:
    keys = [writer.create(f"Note {number}")["key"] for number in range(3)]
    windows = [hurt_window() for _ in range(3)]
    for window in windows:
        window.watch_home()
    note = hurt_window()
    note.watch_note(keys[0])

    hurt_stack.valkey.kill()
    change(writer, keys, 30)
    shutil.rmtree(hurt_stack.data_dir / "valkey" / "appendonlydir", ignore_errors=True)
    hurt_stack.valkey.start()

    for window in windows:
        shows_the_database(window, writer)
    expect(note.title).to_have_text(writer.read(keys[0])["title"])
    assert note.is_same_document()


def test_promise_no_page_says_live_while_redis_hangs(
    hurt_window: OpenWindow, hurt_stack: WiredStack, writer: Person
) -> None:
    key = writer.create("Menu")["key"]
    early = hurt_window()
    early.watch_home()
    hurt_stack.valkey.process.pause()
    expect(early.page.locator("#connection")).to_have_text("Reconnecting", timeout=30_000)
    late = hurt_window()
    late.go("/")
    late.mark()
    expect(late.page.locator("#connection")).to_have_text("Reconnecting", timeout=30_000)
    writer.save(key, version=1, title="Soup")
    hurt_stack.valkey.process.resume()
    for window in (early, late):
        expect(window.page.locator("#connection")).to_have_text("Live", timeout=30_000)
        shows_the_database(window, writer)


@pytest.mark.parametrize(
    "restart",
    [
        pytest.param(lambda part: part.kill(), id="killed"),
        pytest.param(lambda part: part.stop(), id="stopped"),
    ],
)
def test_promise_pages_outlive_their_gateway_nodes(
    hurt_window: OpenWindow,
    hurt_stack: WiredStack,
    writer: Person,
    restart: Callable[[object], None],
) -> None:
    key = writer.create("Menu")["key"]
    windows = [hurt_window() for _ in range(4)]
    for window in windows:
        window.watch_home()
    # One after the other, so that every window loses its node at least once.
    for number, node in enumerate(("realtime-gateway", "realtime-gateway-2"), start=1):
        part = hurt_stack.services[node]
        restart(part)
        writer.save(key, version=number, title=f"Without {node}")
        part.start()
        for window in windows:
            shows_the_database(window, writer)


def test_promise_signed_in_people_keep_reading_and_writing_while_users_service_is_away(
    hurt_window: OpenWindow, hurt_stack: WiredStack, writer: Person
) -> None:
    key = writer.create("Menu", "Soup")["key"]
    window = hurt_window(writer)
    window.watch_note(key)
    hurt_stack.services["users-service"].kill()

    window.edit(key, body="Soup and cake")
    expect(window.body).to_have_text("Soup and cake")
    window.say("Nobody noticed")
    expect(window.comments).to_have_text(["Nobody noticed"])


def test_a_page_whose_save_was_cut_off_repeats_it_until_it_is_saved(
    hurt_window: OpenWindow, hurt_stack: WiredStack, writer: Person
) -> None:
    key = writer.create("Menu", "Soup")["key"]
    window = hurt_window(writer, wired=True)
    window.go(f"/notes/{key}/edit")
    text_field(window.page).fill("Soup and cake")
    hurt_stack.wire.cut()
    window.page.click("#edit-form button[value=save]")
    expect(window.page.locator("#edit-state")).to_contain_text("trying again")
    hurt_stack.wire.mend()
    expect(window.body).to_have_text("Soup and cake")
    assert writer.read(key)["version"] == 2


def test_a_save_waits_for_notes_service_and_is_made_once(
    hurt_window: OpenWindow, hurt_stack: WiredStack, writer: Person
) -> None:
    key = writer.create("Menu", "Soup")["key"]
    window = hurt_window(writer)
    window.go(f"/notes/{key}/edit")
    text_field(window.page).fill("Soup and cake")
    hurt_stack.services["notes-service"].kill()
    window.page.click("#edit-form button[value=save]")
    expect(window.page.locator("#edit-state")).to_contain_text("Saving")
    hurt_stack.services["notes-service"].start()
    expect(window.body).to_have_text("Soup and cake", timeout=20_000)
    assert writer.read(key)["version"] == 2
