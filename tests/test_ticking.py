"""Tasks are ticked where they are read, in every window at once."""

import pytest
from browser_pages import OpenWindow, Window
from conditions import eventually
from page_reader import Reader
from people import Person
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser

LIST = "# Menu\n\n- [ ] Soup, *hot*\n- [x] Bread\n  - [ ] Butter\n\n> 1. [ ] Wine"


def box(window: Window, name: str) -> Locator:
    return window.page.get_by_role("checkbox", name=name, exact=True)


def test_promise_a_tick_is_seen_in_every_window_and_can_be_undone(
    window: OpenWindow, ana: Person, ben: Person
) -> None:
    key = ana.create("Menu", LIST)["key"]
    ours, theirs, strangers = window(ana), window(ben), window()
    for each in (ours, theirs, strangers):
        each.watch_note(key)
    expect(strangers.page.get_by_role("checkbox", disabled=True)).to_have_count(4)

    # By the keyboard, which stays where it is.
    soup = box(ours, "Soup, hot")
    soup.focus()
    ours.page.keyboard.press("Space")
    expect(box(theirs, "Soup, hot")).to_be_checked()
    expect(strangers.page.get_by_role("checkbox").first).to_be_checked()
    eventually(lambda: ana.read(key)["body"] == LIST.replace("[ ] Soup", "[x] Soup"))
    expect(soup).to_be_focused()
    expect(ours.toasts).to_contain_text("“Soup, hot” is done.")

    # Looked at by its owner, it stays.
    ours.toasts.locator(".toast").hover()
    # A task in a list in a list, and one in a quote, each in the text that is there.
    box(theirs, "Butter").check()
    box(theirs, "Wine").check()
    expect(box(ours, "Wine")).to_be_checked()
    assert "  - [x] Butter\n\n> 1. [x] Wine" in ana.read(key)["body"]

    ours.page.get_by_role("button", name="Undo").click()
    expect(box(theirs, "Soup, hot")).not_to_be_checked()
    expect(box(ours, "Wine")).to_be_checked()
    assert all(each.is_same_document() for each in (ours, theirs, strangers))
    reader = Reader(ours)
    reader.check("tasks")
    assert reader.found == []


def test_lines_that_moved_and_tasks_that_changed(
    window: OpenWindow, ana: Person, ben: Person
) -> None:
    key = ana.create("Menu", LIST)["key"]
    ours = window(ana)
    ours.watch_note(key)
    ours.page.evaluate("window.list = document.querySelector('#note-body ul')")
    moved = "New\n\n" + LIST
    ben.save(key, version=1, title="Menu", body=moved)
    expect(ours.body).to_contain_text("New")
    # The list is where it was, and no news.
    assert ours.page.evaluate("window.list.isConnected && !window.list.dataset.changed")
    box(ours, "Butter").check()
    eventually(lambda: ana.read(key)["body"] == moved.replace("[ ] Butter", "[x] Butter"))


def test_a_task_that_is_another_one_now_is_not_ticked(
    window: OpenWindow, ana: Person, ben: Person
) -> None:
    key = ana.create("Menu", "- [ ] Soup")["key"]
    ours = window(ana)
    ours.watch_note(key)
    ours.page.evaluate("document.querySelector('[data-task]').dataset.task = '00000000'")
    box(ours, "Soup").click(force=True)
    expect(ours.toasts).to_contain_text("This task was changed meanwhile")
    expect(box(ours, "Soup")).not_to_be_checked()
    assert ana.read(key)["version"] == 1


def test_without_a_script_a_task_shows_its_state(window: OpenWindow, ana: Person) -> None:
    plain = window(ana, java_script_enabled=False)
    plain.go(f"/notes/{ana.create('Menu', LIST)['key']}")
    boxes = plain.page.get_by_role("checkbox", disabled=True)
    expect(boxes).to_have_count(4)
    assert [each.is_checked() for each in boxes.all()] == [False, True, False, False]
