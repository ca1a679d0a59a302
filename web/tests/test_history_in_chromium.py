"""An open history: new versions come in by themselves, and what was chosen stays chosen."""

import json
from pathlib import Path

import pytest
from fake_backends import ADA, ANA, BEN
from playwright.sync_api import expect
from scripted_socket import event

pytestmark = pytest.mark.browser
WEB = Path(__file__).resolve().parents[1]


def open_history(site, person=ANA, **options):
    site.backends.notes.put("menu", "Menu", "Soup")
    site.backends.notes.put("menu", "Menu", "Soup\nBread", BEN)
    page = site.open("/notes/menu/history", person, **options)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


def save_elsewhere(site, page):
    note = site.backends.notes.put("menu", "Menu", "Soup\nBread\nCake", BEN)
    told = {name: note[name] for name in ("key", "title", "html", "version", "updated_at")}
    page.script.publish("notes:menu", event("note.updated", note=told))


def test_promise_an_open_history_shows_a_new_version_by_itself(site):
    page = open_history(site)
    page.get_by_label("From version 1").check()
    save_elsewhere(site, page)
    first = page.locator("#history > li").first
    expect(first).to_contain_text("Version 3")
    expect(first).to_contain_text("changed 1 line")
    expect(page.locator("#status")).to_contain_text("Ben saved version 3")
    expect(page.get_by_label("From version 1")).to_be_checked()
    expect(page.get_by_label("To version 2")).to_be_checked()
    first.get_by_role("link", name="Version 3").click()
    expect(page.locator("#diff-title")).to_have_text("From version 2 to version 3")


def test_promise_a_version_that_was_saved_while_the_page_was_away_is_there_again(site):
    page = open_history(site)
    page.script.refuses_to_recover = True
    site.backends.notes.put("menu", "Menu", "Soup\nBread\nCake", BEN)
    page.script.cut()
    expect(page.locator("#history > li").first).to_contain_text("Version 3")
    expect(page.locator("#history > li")).to_have_count(3)


def test_where_more_was_saved_than_a_page_holds_the_history_begins_anew_without_a_gap(site):
    page = open_history(site)
    page.get_by_label("From version 1").check()
    page.script.refuses_to_recover = True
    for number in range(3, 63):
        site.backends.notes.put("menu", "Menu", f"Soup {number}", BEN)
    page.script.cut()
    rows = page.locator("#history > li")
    expect(rows.first).to_contain_text("Version 62")
    expect(rows).to_have_count(50)
    expect(rows.last).to_contain_text("Version 13")
    # What was chosen is on another page now: the newest two are.
    expect(page.get_by_label("From version 61")).to_be_checked()
    expect(page.get_by_label("To version 62")).to_be_checked()
    page.get_by_role("link", name="Older versions").click()
    expect(rows.first).to_contain_text("Version 12")


def test_a_version_that_is_kept_no_longer_goes_from_an_open_history(site):
    page = open_history(site)
    kept = site.backends.notes.versions.of["menu"]
    kept[:] = [each for each in kept if each["version"] != 1]
    save_elsewhere(site, page)
    rows = page.locator("#history > li")
    expect(rows.first).to_contain_text("Version 3")
    expect(rows).to_have_count(2)


def test_a_note_that_is_deleted_while_its_history_is_open_says_so(site):
    page = open_history(site)
    gone = {"key": "menu", "title": "Menu", "version": 3}
    page.script.publish("notes:menu", event("note.deleted", note=gone))
    expect(page.locator("#note-gone")).to_contain_text("This note was deleted by Ben.")


def test_two_versions_are_chosen_and_compared_by_keyboard(site):
    page = open_history(site)
    page.get_by_label("From version 2").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("From version 1")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator("#diff-title")).to_have_text("From version 1 to version 2")


def test_islands_and_server_render_the_same_versions(site):
    notes = site.backends.notes
    notes.put("odd", "Odd", "a")
    notes.put("odd", "<b>&\"'</b>", "a\n<i>", {**BEN, "name": "<b>Ben"}, via="api")
    notes.put("odd", "Odd", "c", ADA, via="restore", restored_from=1)
    notes.versions.delete("odd", 2)
    page = site.open("/notes/odd/history", ANA, bypass_csp=True)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    page.add_script_tag(content=(WEB / "dist-tests" / "markup.js").read_text())
    state = page.evaluate("fetch('/live/notes/odd/history').then((found) => found.json())")
    facts = {"rows": [], "comments": [], "key": "odd", "versions": state["versions"]}
    assert len(state["versions"]) == 3
    told = json.loads(json.dumps(facts))
    assert page.evaluate("facts => markup.differences(facts)", told) == []


@pytest.mark.parametrize("width", [320, 768])
def test_nothing_scrolls_sideways_in_the_history(site, width):
    notes = site.backends.notes
    notes.put("menu", "M" * 200, "x " * 300)
    notes.put("menu", "N" * 200, "y" * 300, {**BEN, "name": "B" * 60})
    notes.put("menu", "N" * 200, "z")
    for path in ("/notes/menu/history", "/notes/menu/history/2"):
        page = site.open(path, ADA, viewport={"width": width, "height": 800})
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(wide) <= 0, path


def test_promise_a_note_says_who_changed_how_much_and_leads_to_the_comparison(site):
    notes = site.backends.notes
    notes.put("menu", "Menu", "Soup")
    page = site.open("/notes/menu", ANA)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    expect(page.locator("#note-edited")).to_be_hidden()
    note = notes.put("menu", "Menu", "Soup\nBread\nCake", BEN)
    named = ("key", "title", "html", "version", "updated_at", "changed_lines")
    told = {name: note[name] for name in named}
    page.script.publish("notes:menu", event("note.updated", note=told))
    expect(page.locator("#note-edited")).to_contain_text("changed by Ben")
    expect(page.locator("#note-lines")).to_have_text("· 2 lines")
    page.get_by_role("link", name="compare").click()
    expect(page.locator("#diff-title")).to_have_text("From version 1 to version 2")


def test_the_list_says_how_much_somebody_changed(site):
    notes = site.backends.notes
    notes.put("menu", "Menu", "Soup")
    notes.put("menu", "Menu", "Soup\nBread", BEN)
    page = site.open("/", ANA)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    edited = page.locator('#notes [data-key="menu"] [data-field="edited"]')
    expect(edited).to_have_text("changed by Ben, 1 line")
    note = notes.put("menu", "Menu", "Tea\nCake", BEN)
    told = {name: value for name, value in note.items() if name not in ("body", "html")}
    page.script.publish("home", event("note.updated", note=told))
    expect(edited).to_have_text("changed by Ben, 2 lines")
    # Another note's news leaves what the row says alone.
    other = notes.put("tea", "Tea", "Green", BEN)
    told = {name: value for name, value in other.items() if name not in ("body", "html")}
    page.script.publish("home", event("note.created", note=told))
    expect(page.locator('#notes [data-key="tea"]')).to_be_visible()
    expect(edited).to_have_text("changed by Ben, 2 lines")
