"""Promise: nothing typed is lost, whatever happens to the network, the window or the note."""

from pathlib import Path
from typing import Any

import pytest
from fake_backends import ANA, BEN
from looks import DESKTOP, PHONE, looks
from playwright.sync_api import Page, expect
from scripted_socket import event
from served_web import ScriptedPage, Served, nothing_is_kept
from text_field import text_field

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
BASE = "Soup\n\nBread\n\nCake\n"
MINE = BASE.replace("Cake", "Two cakes")


def editing(site: Served, body: str = BASE) -> ScriptedPage:
    site.backends.notes.put("menu", "Menu", body)
    page = site.open("/notes/menu/edit", ANA)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


def type_and_be_killed(page: Page, text: str) -> None:
    before = kept(page)
    text_field(page).fill(text)
    expect(page.locator("#edit-state")).to_have_text("Unsaved changes")
    page.wait_for_function("n => Object.keys(localStorage).length > n", arg=len(before))
    page.close()


def kept(page: Page) -> list[str]:
    names: list[str] = page.evaluate("Object.keys(localStorage)")
    return [name for name in names if name.startswith("notes:draft")]


def again(page: Page, url: str) -> Any:
    opened = page.context.new_page()
    opened.goto(url)
    return opened


def stored(site: Served) -> Any:
    return site.backends.notes.notes["menu"]


def test_a_draft_is_offered_with_what_differs(site):
    page = editing(site)
    type_and_be_killed(page, MINE)
    page = again(page, site.url + "/notes/menu/edit")
    page.get_by_text("View what differs").click()
    changes = page.locator("#restore-changes")
    expect(changes.locator(".removed td")).to_have_text(["Cake"])
    expect(changes.locator(".added td")).to_have_text(["Two cakes"])
    expect(page.locator("#body")).to_have_value(BASE)


def test_two_windows_keep_two_drafts_and_each_is_offered(site):
    page = site.open("/notes/add", ANA)
    other = again(page, site.url + "/notes/add")
    url = page.url
    type_and_be_killed(page, "the first")
    type_and_be_killed(other, "the second")
    page = again(page, url)
    page.locator("[data-action=drop-draft]").click()
    expect(page.locator("#restore")).to_be_visible()
    page.locator("[data-action=restore-draft]").click()
    expect(page.locator("#body")).to_have_value("the first")
    assert len(kept(page)) == 1


def test_unsaved_text_is_found_from_the_home_page(site):
    page = editing(site)
    type_and_be_killed(page, MINE)
    page = again(page, site.url)
    page.locator("#unsaved a", has_text="Menu").click()
    page.locator("[data-action=restore-draft]").click()
    expect(page.locator("#body")).to_have_value(MINE)
    page.locator("[value=save]").click()
    page.wait_for_url("**/notes/menu")
    page.goto(site.url)
    expect(page.locator("#notes .row")).to_have_count(1)
    expect(page.locator("#unsaved")).to_be_hidden()


def test_a_draft_of_an_older_version_is_saved_over_none_it_has_not_seen(site):
    page = editing(site)
    type_and_be_killed(page, MINE)
    site.backends.notes.put("menu", "Menu", BASE.replace("Soup", "Stew"), BEN)
    page = again(page, site.url + "/notes/menu/edit")
    expect(page.locator("#restore")).to_contain_text("The note has changed since")
    page.locator("[data-action=restore-draft]").click()
    page.locator("[value=save]").click()
    expect(page.locator("#conflict")).to_contain_text("Ben saved a newer version")
    page.get_by_role("button", name="Merge both").click()
    page.wait_for_url("**/notes/menu")
    assert stored(site)["body"] == "Stew\n\nBread\n\nTwo cakes\n"
    page.wait_for_function("!Object.keys(localStorage).some(n => n.startsWith('notes:draft'))")


def test_a_text_in_conflict_outlives_its_window_and_a_look_at_the_note(site):
    """What was sent was not saved: seeing the note again is no reason to drop the draft."""
    page = editing(site)
    text_field(page).fill(MINE)
    site.backends.notes.put("menu", "Menu", "Stew", BEN)
    page.locator("[value=save]").click()
    expect(page.locator("#conflict")).to_be_visible()
    page.close()
    page = again(page, site.url + "/notes/menu")
    expect(page.locator("#note-title")).to_have_text("Menu")
    page.goto(site.url + "/notes/menu/edit")
    page.locator("[data-action=restore-draft]").click()
    expect(page.locator("#body")).to_have_value(MINE)
    page.locator("[value=save]").click()
    expect(page.locator("#conflict")).to_be_visible()
    assert stored(site)["body"] == "Stew"


def test_a_save_that_cannot_be_sent_says_so_and_leaves_the_text(site):
    page = editing(site)
    text_field(page).fill(MINE)
    page.context.set_offline(True)
    page.locator("[value=save]").click()
    told = "Not saved, the server cannot be reached: kept on this device"
    expect(page.locator("#edit-state")).to_have_text(told)
    expect(page.locator("#status")).to_have_text(told)
    expect(page.locator("#body")).to_have_value(MINE)
    assert (len(kept(page)), stored(site)["version"]) == (1, 1)
    page.context.set_offline(False)
    page.locator("[value=save]").click()
    page.wait_for_url("**/notes/menu")
    assert stored(site)["body"] == MINE


def test_a_new_note_that_cannot_be_sent_stays_in_its_form(site):
    page = site.open("/notes/add", ANA)
    page.locator("#title").fill("Menu")
    text_field(page).fill(MINE)
    page.context.set_offline(True)
    page.locator("[value=save]").click()
    expect(page.locator("#edit-state")).to_contain_text("Not saved")
    page.context.set_offline(False)
    page.locator("[value=save]").click()
    expect(page.locator("#note-title")).to_have_text("Menu")
    assert len(site.backends.notes.notes) == 1


def test_the_choice_about_a_conflict_waits_for_the_network_too(site):
    page = editing(site)
    text_field(page).fill(MINE)
    site.backends.notes.put("menu", "Menu", "Stew", BEN)
    page.locator("[value=save]").click()
    page.locator("#mine").fill(MINE + "and tea")
    page.context.set_offline(True)
    page.get_by_role("button", name="Keep mine").click()
    expect(page.locator(".toast")).to_contain_text("Not saved")
    expect(page.locator("#mine")).to_have_value(MINE + "and tea")
    page.context.set_offline(False)
    page.get_by_role("button", name="Keep mine").click()
    page.wait_for_url("**/notes/menu")
    assert stored(site)["body"] == MINE + "and tea"


def test_a_comment_that_cannot_be_sent_outlives_its_window_and_is_said_once(site):
    notes = site.backends.notes
    notes.put("menu", "Menu")
    page = site.open("/notes/menu", ANA)
    page.context.set_offline(True)
    page.locator("#text").fill("Is there cake?")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#text-error")).to_contain_text("kept on this device")
    page.context.set_offline(False)
    page.close()
    page = again(page, site.url + "/notes/menu")
    expect(page.locator("#text")).to_have_value("Is there cake?")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".comment-text")).to_have_text(["Is there cake?"])
    page.reload()
    expect(page.locator("#text")).to_have_value("")
    nothing_is_kept(page)
    assert len(notes.said["menu"]) == 1


def test_a_page_stays_readable_when_its_links_lead_nowhere(site):
    site.backends.notes.put("menu", "Menu", "Soup")
    page = site.open("/notes/menu", ANA)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    page.script.is_down = True
    page.context.set_offline(True)
    page.script.cut()
    expect(page.locator("#connection")).to_have_attribute("data-state", "offline")
    page.locator(".note-actions a").first.click()
    expect(page.locator(".toast")).to_contain_text("cannot be reached")
    page.locator("#delete-link").click()
    expect(page.locator(".toast")).to_have_count(2)
    expect(page.locator("#note-body")).to_have_text("Soup")
    page.context.set_offline(False)
    page.locator(".note-actions a").first.click()
    expect(page.locator("#body")).to_have_value("Soup")


@pytest.mark.parametrize("key", ["Control+s", None], ids=["ctrl-s", "button"])
def test_a_save_that_nobody_answered_is_sent_again_and_made_once(site, key):
    notes = site.backends.notes
    page = editing(site)
    text_field(page).fill(MINE)
    notes.loses_answers = True
    if key:
        page.keyboard.press(key)
    else:
        page.locator("[value=save]").click()
    expect(page.locator("#edit-state")).to_contain_text("no answer yet, trying again")
    expect(page.locator("#body")).to_have_value(MINE)
    notes.loses_answers = False
    if key:
        expect(page.locator("#edit-state")).to_contain_text("Saved ")
    else:
        expect(page.locator("#note-title")).to_have_text("Menu")
        expect(page.locator("#toasts")).to_contain_text("Saved.")
    nothing_is_kept(page)
    assert (stored(site)["body"], stored(site)["version"]) == (MINE, 2)


def test_a_save_that_nobody_answers_in_the_end_is_told_as_unknown(site):
    notes = site.backends.notes
    page = editing(site)
    text_field(page).fill(MINE)
    notes.loses_answers = True
    page.locator("[value=save]").click()
    told = page.locator("#edit-state")
    expect(told).to_contain_text("may not be saved", timeout=40_000)
    notes.loses_answers = False
    page.locator("[value=save]").click()
    page.wait_for_url("**/notes/menu")
    assert (stored(site)["body"], stored(site)["version"]) == (MINE, 2)


def test_ctrl_s_saves_and_one_goes_on_writing(site):
    page = editing(site)
    text_field(page).fill(MINE)
    page.keyboard.press("Control+s")
    expect(page.locator("#edit-state")).to_contain_text("Saved ")
    nothing_is_kept(page)
    assert (stored(site)["body"], stored(site)["version"]) == (MINE, 2)
    text_field(page).press_sequentially("!")
    expect(page.locator("#edit-state")).to_have_text("Unsaved changes")
    page.keyboard.press("Control+s")
    expect(page.locator("#edit-state")).to_contain_text("Saved ")
    assert stored(site)["version"] == 3
    assert page.url.endswith("/notes/menu/edit")


def test_ones_own_save_in_place_is_no_news_and_another_window_s_is(site):
    page = editing(site)
    text_field(page).fill(MINE)
    page.keyboard.press("Control+s")
    expect(page.locator("#edit-state")).to_contain_text("Saved ")
    own = {"key": "menu", "title": "Menu", "html": "", "version": 2, "updated_at": ""}
    page.script.publish("notes:menu", event("note.updated", by=ANA, note=own))
    page.wait_for_timeout(1_800)
    expect(page.locator("#newer")).to_be_hidden()
    page.script.publish("notes:menu", event("note.updated", by=ANA, note=own | {"version": 3}))
    expect(page.locator("#newer")).to_contain_text("You saved a newer version elsewhere")


def test_ctrl_s_over_a_newer_version_shows_both(site):
    page = editing(site)
    text_field(page).fill(MINE)
    site.backends.notes.put("menu", "Menu", "Stew", BEN)
    page.keyboard.press("Control+s")
    expect(page.locator("#conflict")).to_contain_text("Ben saved a newer version")
    expect(page.locator("#mine")).to_have_value(MINE)


def test_what_others_saved_is_shown_beside_the_text(site):
    page = editing(site)
    text_field(page).fill(MINE)
    site.backends.notes.put("menu", "Menu", BASE.replace("Soup", "Stew"), BEN)
    newer = {"key": "menu", "title": "Menu", "html": "", "version": 2, "updated_at": ""}
    page.script.publish("notes:menu", event("note.updated", note=newer))
    page.get_by_text("View changes").click()
    expect(page.locator("#newer-changes .removed td")).to_have_text(["Soup"])
    expect(page.locator("#newer-changes .added td")).to_have_text(["Stew"])
    expect(page.locator("#body")).to_have_value(MINE)


def test_a_device_without_room_says_so_at_once(site):
    page = editing(site)
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('quota') } }")
    text_field(page).fill(MINE)
    expect(page.locator("#edit-state")).to_contain_text("cannot keep it")


@looks(DESKTOP, PHONE)
def test_axe_finds_nothing_where_text_is_saved_from_loss(site, scheme, size):
    found = []

    def check(name: str, page: Page) -> None:
        page.evaluate(AXE.read_text())
        violations = page.evaluate("async () => (await axe.run()).violations")
        found.extend((name, each["id"], each["nodes"][0]["html"][:160]) for each in violations)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append((name, "scrolls sideways", ""))

    site.backends.notes.put("menu", "Menu", BASE)
    page = site.open("/notes/menu/edit", ANA, viewport=size, color_scheme=scheme)
    type_and_be_killed(page, MINE)
    page = again(page, site.url)
    expect(page.locator("#unsaved")).to_be_visible()
    check("home with unsaved text", page)
    page.goto(site.url + "/notes/menu/edit")
    page.get_by_text("View what differs").click()
    expect(page.locator("#restore-changes .added")).to_be_visible()
    check("a draft and what differs", page)
    page.locator("[data-action=restore-draft]").click()
    page.context.set_offline(True)
    page.locator("[value=save]").click()
    expect(page.locator("#edit-state")).to_contain_text("Not saved")
    check("not saved", page)
    page.context.set_offline(False)
    site.backends.notes.put("menu", "Menu", BASE.replace("Soup", "Stew"), BEN)
    page.locator("[value=save]").click()
    expect(page.locator("#together")).to_be_visible()
    check("both together", page)
    assert found == []


def test_promise_logging_out_names_what_it_would_delete_and_asks(site):
    page = editing(site)
    type_and_be_killed(page, MINE)
    page = again(page, site.url + "/notes/menu")
    page.locator("#text").fill("Is there cake?")
    page.goto(site.url)
    expect(page.locator("#unsaved li")).to_have_count(2)
    sure = page.locator("#logout-sure")
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(sure.locator("li")).to_have_text(["Comment on “Menu”", "Menu"])
    sure.get_by_role("button", name="Stay").click()
    expect(sure).to_be_hidden()
    assert len(kept(page)) == 2
    page.get_by_role("button", name="Log out", exact=True).click()
    sure.get_by_role("button", name="Log out and delete").click()
    expect(page.get_by_role("link", name="Log in", exact=True)).to_be_visible()
    nothing_is_kept(page)


def test_logging_out_asks_nothing_where_nothing_would_be_lost(site):
    page = site.open("/", ANA)
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_role("link", name="Log in", exact=True)).to_be_visible()
