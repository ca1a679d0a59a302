"""A comment is changed where it stands, and nothing that was typed is lost."""

from typing import Any

import pytest
from fake_backends import ANA, BEN
from playwright.sync_api import expect
from scripted_socket import event
from served_web import ScriptedPage, Served

pytestmark = pytest.mark.browser

FIELD = "#comment-list textarea"


def open_note(site: Served, said: str = "**Cake**?") -> tuple[ScriptedPage, Any]:
    site.backends.notes.put("menu", "Menu", "Soup", BEN)
    comment = site.backends.notes.say("menu", said, ANA)
    page = site.open("/notes/menu", ANA)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page, comment


def edit(page: ScriptedPage) -> None:
    page.get_by_role("link", name="Edit comment").click()
    expect(page.locator(FIELD)).to_be_focused()


def told(said: dict[str, Any], type_: str = "comment.updated") -> dict[str, Any]:
    return event(type_, by=ANA, comment=said, comments=1)


def test_promise_a_comment_is_changed_in_its_place_by_keys(site):
    page, said = open_note(site)
    edit(page)
    expect(page.locator(FIELD)).to_have_value("**Cake**?")
    expect(page.locator(".comment-text")).to_be_hidden()
    page.locator(FIELD).fill("Tea?")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comment-text")).to_have_text("Tea?")
    expect(page.locator(FIELD)).to_have_count(0)
    expect(page.get_by_role("link", name="Edit comment")).to_be_focused()
    expect(page.get_by_role("link", name="edited")).to_be_visible()
    assert said["text"] == "Tea?"
    assert page.evaluate("Object.keys(localStorage).filter(n => /draft/.test(n))") == []


def test_promise_escape_goes_back_and_what_was_typed_is_there_again(site):
    page, _ = open_note(site)
    edit(page)
    page.locator(FIELD).fill("Tea?")
    page.keyboard.press("Escape")
    expect(page.locator(".comment-text")).to_have_text("**Cake**?")
    expect(page.get_by_role("link", name="Edit comment")).to_be_focused()
    edit(page)
    expect(page.locator(FIELD)).to_have_value("Tea?")
    # Another visit, and the home page, know it too.
    page.reload()
    expect(page.locator(FIELD)).to_have_value("Tea?")
    page.goto(site.url)
    page.locator("#unsaved a").click()
    expect(page.get_by_role("heading", name="Change your comment")).to_be_visible()
    expect(page.locator("#text")).to_have_value("Tea?")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".comment-text")).to_have_text("Tea?")
    expect(page.locator(FIELD)).to_have_count(0)
    assert page.evaluate("Object.keys(localStorage).filter(n => /draft/.test(n))") == []


def test_discard_forgets_what_was_typed(site):
    page, _ = open_note(site)
    edit(page)
    page.locator(FIELD).fill("Tea?")
    page.get_by_role("button", name="Discard").click()
    edit(page)
    expect(page.locator(FIELD)).to_have_value("**Cake**?")


def test_promise_a_change_elsewhere_shows_live_and_is_not_replaced_blindly(site):
    page, said = open_note(site)
    edit(page)
    page.locator(FIELD).fill("Tea?")
    now = dict(site.backends.notes.reword(said, "Milk?"))
    page.script.publish("notes:menu", told(now | {"html": "<em>Milk</em>?"}))
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status").filter(has_text="Milk?")).to_be_visible()
    expect(page.locator(FIELD)).to_have_value("Tea?")
    assert said["text"] == "Milk?"
    page.keyboard.press("Escape")
    expect(page.locator(".comment-text em")).to_have_text("Milk")
    edit(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comment-text")).to_have_text("Tea?")


def test_an_older_event_changes_nothing_and_a_reload_of_the_state_brings_changes(site):
    page, said = open_note(site)
    before = dict(said)
    now = dict(site.backends.notes.reword(said, "Tea?"))
    page.script.publish("notes:menu", told(now))
    expect(page.locator(".comment-text")).to_have_text("Tea?")
    page.script.publish("notes:menu", told(before))
    page.script.publish("notes:menu", told(before, "comment.created"))
    other = site.backends.notes.say("menu", "And pie?", BEN)
    page.script.publish(
        "notes:menu", event("comment.created", by=BEN, comment=other, comments=2)
    )
    expect(page.locator(".comment-text")).to_have_text(["Tea?", "And pie?"])
    site.backends.notes.reword(said, "Milk?")
    page.script.refuses_to_recover = True
    page.script.cut()
    expect(page.locator(".comment-text")).to_have_text(["Milk?", "And pie?"])


def test_promise_a_comment_that_is_deleted_while_it_is_changed_keeps_what_was_typed(site):
    page, _ = open_note(site)
    edit(page)
    page.locator(FIELD).fill("Tea?")
    site.backends.notes.said["menu"].clear()
    gone = event("comment.deleted", by=BEN, comment={"id": 1}, comments=0)
    page.script.publish("notes:menu", gone)
    expect(page.get_by_text("This comment was deleted")).to_be_visible()
    expect(page.locator(FIELD)).to_have_value("Tea?")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("#comment-list li")).to_have_count(0)
