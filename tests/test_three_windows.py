"""Promise: every open page shows every change at once, without reload.

With one gateway node, and the same with two behind the edge.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from browser_pages import Window, open_window
from conditions import eventually
from people import Person
from playwright.sync_api import Browser, expect
from text_field import text_field
from wired_stack import WiredStack

pytestmark = pytest.mark.browser


@dataclass
class Scene:
    """Ana and Ben are signed in; the third window's person is nobody in particular."""

    stack: WiredStack
    writer: Person
    ana: Window
    ben: Window
    guest: Window

    @property
    def windows(self) -> list[Window]:
        return [self.ana, self.ben, self.guest]

    @property
    def onlookers(self) -> list[Window]:
        return [self.ben, self.guest]


@pytest.fixture(params=["one gateway node", "two gateway nodes"])
def scene(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Scene]:
    name = "stack" if request.param == "one gateway node" else "hurt_stack"
    stack: WiredStack = request.getfixturevalue(name)
    ana, ben = stack.people.sign_up("Ana"), stack.people.sign_up("Ben")
    windows = [open_window(browser, stack.url, person) for person in (ana, ben, None)]
    yield Scene(stack, ana, *windows)
    problems = [problem for window in windows for problem in window.all_problems()]
    for window in windows:
        window.context.close()
    assert problems == []


def test_promise_every_open_list_shows_a_new_a_changed_and_a_deleted_note(scene: Scene) -> None:
    for window in scene.onlookers:
        window.watch_home()

    key = scene.ana.write("Shopping", "milk")
    for window in scene.onlookers:
        expect(window.row_title(key)).to_have_text("Shopping")

    scene.ana.edit(key, title="Shopping for Monday")
    for window in scene.onlookers:
        expect(window.row_title(key)).to_have_text("Shopping for Monday")

    scene.ana.go(f"/notes/{key}")
    scene.ana.delete_note()
    for window in scene.onlookers:
        expect(window.row(key)).to_have_count(0)
    assert all(window.is_same_document() for window in scene.onlookers)


def test_promise_every_open_note_shows_its_new_text_at_once(scene: Scene) -> None:
    key = scene.writer.create("Menu", "Soup")["key"]
    for window in scene.onlookers:
        window.watch_note(key)

    scene.ana.edit(key, title="Menu for Monday", body="Soup and **bread**")

    for window in scene.onlookers:
        expect(window.title).to_have_text("Menu for Monday")
        expect(window.body.locator("strong")).to_have_text("bread")
        expect(window.page).to_have_title("Menu for Monday · Notes")
        expect(window.row_title(key)).to_have_text("Menu for Monday")
    assert all(window.is_same_document() for window in scene.onlookers)


def test_promise_who_looks_at_a_deleted_note_goes_home_and_is_told_who_did_it(
    scene: Scene,
) -> None:
    key = scene.writer.create("Menu", "Soup")["key"]
    for window in scene.onlookers:
        window.watch_note(key)

    scene.ana.go(f"/notes/{key}")
    scene.ana.delete_note()

    for window in scene.onlookers:
        window.page.wait_for_url(f"{window.url}/")
        expect(window.toasts).to_contain_text("Menu")
        expect(window.toasts).to_contain_text("deleted by Ana")


def test_promise_comments_appear_and_vanish_in_every_window(scene: Scene) -> None:
    key = scene.writer.create("Menu", "Soup")["key"]
    for window in scene.windows:
        window.watch_note(key)

    scene.ben.say("Is there cake?")
    for window in scene.windows:
        expect(window.comments).to_have_text(["Is there cake?"])
        expect(window.row(key).locator("[data-field=comments]")).to_have_text("1")

    scene.ana.say("There is.")
    for window in scene.windows:
        expect(window.comments).to_have_text(["Is there cake?", "There is."])

    # Ana's own came in by the live path: it can be deleted at once all the same.
    scene.ana.delete_comment("There is.")
    for window in scene.windows:
        expect(window.comments).to_have_text(["Is there cake?"])
    assert all(window.is_same_document() for window in scene.windows)


def test_nobody_deletes_what_somebody_else_said(scene: Scene) -> None:
    key = scene.writer.create("Menu")["key"]
    scene.ben.watch_note(key)
    scene.guest.watch_note(key)
    scene.writer.comment(key, "Mine")
    for window in scene.onlookers:
        expect(window.comments).to_have_text(["Mine"])
        expect(window.page.get_by_role("link", name="Delete comment")).to_have_count(0)


def test_with_two_nodes_both_of_them_serve_windows(
    browser: Browser, hurt_stack: WiredStack
) -> None:
    windows = [open_window(browser, hurt_stack.url) for _ in range(4)]
    for window in windows:
        window.watch_home()
    eventually(lambda: all(held > 0 for held in hurt_stack.connections()))
    for window in windows:
        window.context.close()


def test_an_editor_is_told_at_once_that_somebody_saved_a_newer_version(scene: Scene) -> None:
    key = scene.writer.create("Menu", "Soup")["key"]
    scene.ben.go(f"/notes/{key}/edit")
    scene.ben.wait_until_live()
    text_field(scene.ben.page).fill("Soup and cake")
    scene.writer.save(key, version=1, title="Menu", body="Soup and bread")
    expect(scene.ben.page.locator("#newer")).to_contain_text("Ana")
    expect(scene.ben.page.locator("#body")).to_have_value("Soup and cake")
