"""A comment that is being written, and the comments that come and go around it."""

from typing import Any

import pytest
from fake_backends import ANA, BEN
from playwright.sync_api import Page, expect
from scripted_socket import event
from served_web import Served

pytestmark = pytest.mark.browser


def open_note(site: Served, person: dict[str, Any] | None = ANA, **options: Any) -> Page:
    site.backends.notes.put("menu", "Menu", "Soup", BEN)
    page = site.open("/notes/menu", person, **options)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


def delete_elsewhere(site: Served, page: Page, by: dict[str, Any] = BEN) -> None:
    notes = site.backends.notes
    note = notes.notes.pop("menu")
    who = {"id": by["id"], "name": by["name"]}
    notes.gone["menu"] = note | {"deletion": {"by": who, "at": notes.now()}}
    gone = {"key": "menu", "title": "Menu", "version": 2}
    page.script.publish("notes:menu", event("note.deleted", by=by, note=gone))


def test_promise_a_comment_that_is_being_written_keeps_the_page_of_a_deleted_note(site):
    page = open_note(site)
    page.locator("#text").press_sequentially("Is there ca")
    delete_elsewhere(site, page)
    expect(page.locator("#note-gone")).to_contain_text("“Menu” was deleted by Ben")
    expect(page.locator("#status")).to_contain_text("was deleted by Ben")
    page.keyboard.type("ke? no news")
    expect(page.locator("#text")).to_have_value("Is there cake? no news")
    expect(page.locator(".note-actions")).to_be_hidden()
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#text-error")).to_contain_text("This note was deleted")
    expect(page.locator("#text")).to_have_value("Is there cake? no news")
    assert page.url.endswith("/notes/menu")


def test_a_search_that_is_being_typed_keeps_the_page_too(site):
    page = open_note(site, None)
    page.locator("#q").press_sequentially("sou")
    delete_elsewhere(site, page)
    expect(page.locator("#note-gone")).to_be_visible()
    page.keyboard.type("p n")
    expect(page.locator("#q")).to_have_value("soup n")


def test_a_note_that_was_deleted_while_the_page_was_away_keeps_the_comment_too(site):
    page = open_note(site)
    page.locator("#text").press_sequentially("Is there ca")
    page.script.refuses_to_recover = True
    notes = site.backends.notes
    who = {"id": BEN["id"], "name": BEN["name"]}
    notes.gone["menu"] = notes.notes.pop("menu") | {"deletion": {"by": who, "at": notes.now()}}
    page.script.cut()
    expect(page.locator("#note-gone")).to_contain_text("“Menu” was deleted by Ben")
    expect(page.locator("#text")).to_have_value("Is there ca")


def test_what_was_half_said_is_offered_at_home_and_where_the_note_was(site):
    page = open_note(site)
    page.locator("#text").press_sequentially("Is there cake?")
    delete_elsewhere(site, page)
    page.locator("#note-gone").get_by_role("link", name="All notes").click()
    expect(page.locator("#unsaved")).to_contain_text("Comment on “Menu”")
    page.locator("#unsaved a").click()
    expect(page.locator("h1")).to_have_text("This note was deleted")
    expect(page.locator("#kept-comment textarea")).to_have_value("Is there cake?")
    page.locator("#kept-comment").get_by_role("button", name="Discard").click()
    expect(page.locator("#kept-comment")).to_be_hidden()
    page.goto(site.url)
    expect(page.locator("#unsaved")).to_be_hidden()


def test_a_comment_kept_for_a_note_that_is_there_is_offered_at_home(site):
    page = open_note(site)
    page.locator("#text").press_sequentially("Is there cake?")
    page.goto(site.url)
    page.locator("#unsaved a", has_text="Comment on “Menu”").click()
    expect(page.locator("#text")).to_have_value("Is there cake?")
    expect(page.locator("#text")).to_be_focused()


def test_keys_pressed_as_a_page_jumps_are_no_shortcuts(site):
    """Whoever types without looking goes on typing; a second of quiet ends it."""
    page = open_note(site)
    page.locator("#text").focus()
    delete_elsewhere(site, page)
    page.wait_for_url(site.url + "/")
    expect(page.locator(".toast")).to_be_visible()
    for key in "no news, ":
        page.keyboard.press(key)
    assert page.url == site.url + "/"
    expect(page.locator("#help")).to_be_hidden()
    page.wait_for_timeout(1_100)
    page.keyboard.press("n")
    page.wait_for_url("**/notes/add")
