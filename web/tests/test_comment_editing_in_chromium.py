"""A comment is changed where it stands, and nothing that was typed is lost."""

from typing import Any

import pytest
from fake_backends import ANA, BEN, EVA, problem
from playwright.sync_api import expect
from scripted_socket import event
from served_web import ScriptedPage, Served, nothing_is_kept

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
    nothing_is_kept(page)


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
    nothing_is_kept(page)


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


def is_offered_at_home(site: Served, page: ScriptedPage, text: str) -> None:
    page.wait_for_load_state()
    page.goto(site.url)
    page.locator("#unsaved a").click()
    expect(page.locator("#text")).to_have_value(text)


def test_promise_what_was_typed_outlives_a_save_that_came_too_late(site):
    page, said = open_note(site)
    page.goto(site.url + "/notes/menu/comments/1/edit")
    site.backends.notes.reword(said, "Milk?")
    page.locator("#text").fill("Tea?")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#errors")).to_contain_text("Milk?")
    is_offered_at_home(site, page, "Tea?")


def test_promise_what_was_typed_outlives_a_spent_quota(site):
    async def refuse(_: Any) -> Any:
        return problem(429, "quota_spent", limit=2**20)

    page, _ = open_note(site)
    site.backends.notes.edit_comment = refuse
    edit(page)
    page.locator(FIELD).fill("Tea?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text-error")).to_be_visible()
    expect(page.locator("#text")).to_have_value("Tea?")
    is_offered_at_home(site, page, "Tea?")


def test_promise_what_is_typed_while_a_change_is_sent_stays(site):
    page, said = open_note(site)
    edit(page)
    held: list[Any] = []
    page.route("**/comments/1/edit", lambda route: held.append(route))
    page.locator(FIELD).fill("Tea?")
    page.keyboard.press("Control+Enter")
    while not held:
        page.wait_for_timeout(10)
    page.keyboard.type(" And pie?")
    held[0].continue_()
    expect(page.locator(".comment-text")).to_have_text("Tea?")
    expect(page.locator(FIELD)).to_have_value("Tea? And pie?")
    page.unroute("**/comments/1/edit")
    # This window is kept in step: its next save is none over a text that it did not see.
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comment-text")).to_have_text("Tea? And pie?")
    expect(page.locator(FIELD)).to_have_count(0)
    assert said["text"] == "Tea? And pie?"
    nothing_is_kept(page)


def test_a_note_stays_live_for_an_account_that_may_write_no_more(site):
    site.backends.notes.put("menu", "Menu", "Soup", BEN)
    site.backends.notes.say("menu", "Cake?", EVA)
    page = site.open("/", EVA)
    name, kept = "notes:draft-comment:eva-id:menu:1", '{"text":"Tea?","once":""}'
    page.evaluate("([name, kept]) => localStorage.setItem(name, kept)", [name, kept])
    page.goto(site.url + "/notes/menu")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    expect(page.locator(".comment-text")).to_have_text("Cake?")
    assert page.evaluate("name => localStorage.getItem(name)", name) == kept


def test_promise_an_older_comment_is_changed_though_the_newest_are_loaded_anew(site):
    page, said = open_note(site)
    edit(page)
    page.locator(FIELD).fill("Tea?")
    for number in range(2, 8):
        site.backends.notes.say("menu", f"c{number}", BEN)
    page.script.refuses_to_recover = True
    page.script.cut()
    texts = page.locator(".comment-text")
    expect(texts).to_have_text(["**Cake**?", "c3", "c4", "c5", "c6", "c7"])
    expect(page.get_by_text("This comment was deleted")).to_have_count(0)
    page.locator("#earlier").click()
    expect(texts).to_have_text(["**Cake**?", "c2", "c3", "c4", "c5", "c6", "c7"])
    page.locator(FIELD).press("Control+Enter")
    expect(texts).to_have_text(["Tea?", "c2", "c3", "c4", "c5", "c6", "c7"])
    expect(page.locator(FIELD)).to_have_count(0)
    assert said["text"] == "Tea?"


def test_promise_a_comment_that_is_restored_while_it_is_changed_stays(site):
    page, said = open_note(site)
    edit(page)
    page.locator(FIELD).fill("Tea?")
    gone = event("comment.deleted", by=BEN, comment={"id": 1, "version": 1}, comments=0)
    page.script.publish("notes:menu", gone)
    expect(page.get_by_text("This comment was deleted")).to_be_visible()
    said["version"] = 2
    page.script.publish("notes:menu", told(said, "comment.created"))
    expect(page.get_by_text("This comment was deleted")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(page.locator(FIELD)).to_have_count(0)
    expect(page.locator(".comment-text")).to_have_text("Tea?")
    assert said["text"] == "Tea?"


def test_the_text_of_a_deleted_comment_is_kept_until_it_is_said_anew(site):
    page, _ = open_note(site)
    edit(page)
    page.locator(FIELD).fill("Tea?")
    page.keyboard.press("Escape")
    site.backends.notes.said["menu"].clear()
    page.goto(site.url + "/notes/menu/comments/1/edit")
    expect(page.locator("#text")).to_have_value("Tea?")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".comment-text")).to_have_text("Tea?")
    nothing_is_kept(page)
