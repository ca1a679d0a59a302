"""The pages alive, in Chromium: the socket is a script, everything else is real."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_backends import ADA, ANA, BEN
from looks import PHONE
from playwright.sync_api import expect
from scripted_socket import event
from served_web import ScriptedPage
from text_field import text_field

pytestmark = pytest.mark.browser

WEB = Path(__file__).parents[1]


def titles(page: ScriptedPage) -> list[str]:
    return page.locator("#notes [data-field=title]").all_text_contents()


def drafts(page: ScriptedPage) -> int:
    names = page.evaluate("Object.keys(localStorage)")
    return sum(name.startswith("notes:draft") for name in names)


def until(is_so: Callable[[], bool]) -> None:
    """Wait, letting the page's events in, until it is so."""
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def live(page: ScriptedPage) -> ScriptedPage:
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


def row(note):
    return {name: value for name, value in note.items() if name not in ("body", "html")}


def test_a_page_subscribes_from_the_position_read_before_its_data(site):
    page = live(site.open("/"))
    asked = page.script.subscribed[0]
    assert (asked["channel"], asked["offset"], asked["epoch"]) == ("home", 7, "e")
    assert asked["recover"] is True
    assert page.script.tokens == [None]


def test_who_is_signed_in_connects_with_a_token_and_it_is_in_no_address(site):
    page = live(site.open("/", ANA))
    assert page.script.tokens == ["ana"]


def test_a_new_note_stands_on_top_tinted_and_announced(site):
    notes = site.backends.notes
    notes.put("old", "Old")
    page = live(site.open("/", ANA))
    page.script.publish(
        "home", event("note.created", note=row(notes.put("new", "New", "", BEN)))
    )
    expect(page.locator("#notes .row").first).to_have_attribute("data-key", "new")
    expect(page.locator("#notes .row").first).to_have_attribute("data-changed", "")
    expect(page.locator("#status")).to_have_text("Ben added “New”")
    expect(page.locator("#notes .row").first).not_to_have_attribute("data-changed", "")


def test_ones_own_change_is_not_tinted(site):
    notes = site.backends.notes
    page = live(site.open("/", ANA))
    mine = row(notes.put("mine", "Mine", "", ANA))
    page.script.publish("home", event("note.created", by=ANA, note=mine))
    expect(page.locator("#notes .row")).to_have_count(1)
    assert page.locator("[data-changed]").count() == 0
    expect(page.locator("#empty")).to_be_hidden()


def test_what_changed_since_one_looked_is_marked_until_one_looks_again(site):
    notes = site.backends.notes
    for key in ("menu", "never"):
        notes.put(key, key, "Soup")
    page = live(site.open("/notes/menu", ANA))
    notes.put("menu", "menu", "Stew", BEN)
    page.goto(site.url)
    marked = page.locator("#notes .row[data-news]")
    expect(marked).to_have_count(1)
    expect(marked.locator("a")).to_contain_text("changed since you looked")
    notes.put("never", "never", "x", BEN)
    marked.locator("a").click()
    expect(page.locator("#note-body")).to_have_text("Stew")
    page.goto(site.url)
    live(page)
    expect(marked).to_have_count(0)


@pytest.mark.parametrize("busy", ["scrolled down", "with a row in focus"])
def test_while_the_reader_is_busy_new_rows_wait_behind_a_button(site, busy):
    notes = site.backends.notes
    for number in range(40):
        notes.put(f"n{number}", f"Note {number}")
    page = live(site.open("/"))
    if busy == "scrolled down":
        page.locator(".list").evaluate("list => list.scrollTo(0, 500)")
    else:
        page.locator("#notes .row-link").nth(3).focus()
    before = titles(page)
    for number in range(3):
        made = row(notes.put(f"new{number}", f"New {number}", "", BEN))
        page.script.publish("home", event("note.created", note=made))
    expect(page.locator("#fresh")).to_have_text("3 new notes")
    assert titles(page) == before
    page.locator("#fresh").click()
    expect(page.locator("#fresh")).to_be_hidden()
    assert titles(page)[:4] == ["New 2", "New 1", "New 0", "Note 39"]


def test_a_search_takes_no_new_rows(site):
    notes = site.backends.notes
    notes.put("soup", "Soup")
    page = live(site.open("/?q=soup"))
    other = row(notes.put("other", "Other", "", BEN))
    page.script.publish("home", event("note.created", note=other))
    changed = row(notes.put("soup", "Soup, hot", "", BEN))
    page.script.publish("home", event("note.updated", note=changed))
    expect(page.locator("#notes [data-field=title]")).to_have_text(["Soup, hot"])


def test_promise_a_gap_is_repaired_without_reload_and_scroll_and_focus_stay(site):
    notes = site.backends.notes
    for number in range(30):
        notes.put(f"n{number}", f"Note {number}")
    page = live(site.open("/"))
    page.evaluate("window.stayed = true")
    page.locator("#q").fill("half a word")
    notes.put("n5", "Note 5, changed", "", BEN)
    del notes.notes["n29"]
    page.script.refuses_to_recover = True
    page.script.cut()
    expect(page.locator("#notes [data-field=title]").first).to_have_text("Note 5, changed")
    live(page)
    assert "Note 29" not in titles(page)
    assert page.evaluate("window.stayed")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("half a word")


def test_promise_a_list_that_has_grown_too_long_loads_anew_and_loses_nothing(site):
    """What arrives while the new list is on its way to the page is not in that list."""
    notes = site.backends.notes
    page = live(site.open("/"))
    held = []
    page.route("**/live/home*", lambda route: held.append((route, route.fetch())))
    with page.expect_request("**/live/home*"):
        for number in range(301):
            made = row(notes.put(f"n{number}", f"Note {number}", "", BEN))
            page.script.publish("home", event("note.created", note=made))
    until(lambda: bool(page.evaluate("true") and held))
    late = row(notes.put("late", "Late", "", BEN))
    page.script.publish("home", event("note.created", note=late))
    expect(page.locator("#notes .row")).to_have_count(302)
    [(route, answer)] = held
    route.fulfill(response=answer)
    expect(page.locator("#notes .row")).to_have_count(51)
    assert titles(page)[:2] == ["Late", "Note 300"]


def test_the_connection_is_told_in_words(site):
    page = live(site.open("/"))
    expect(page.locator("#connection")).to_have_text("Live")
    page.script.is_down = True
    page.script.cut()
    expect(page.locator("#connection")).to_have_text("Reconnecting")
    page.script.is_down = False
    expect(page.locator("#connection")).to_have_text("Live")
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_have_text("Offline")


def test_promise_live_is_said_when_every_channel_is_confirmed_and_not_before(site):
    """An open socket alone moves nothing: behind it Redis may hang."""
    page = live(site.open("/"))
    page.script.confirms_nothing = True
    page.script.cut()
    expect(page.locator("#connection")).to_have_text("Reconnecting")
    until(lambda: len(page.script.tokens) == 2 and len(page.script.subscribed) == 2)
    page.wait_for_timeout(1_500)
    expect(page.locator("#connection")).to_have_text("Reconnecting")
    page.script.confirms_nothing = False
    page.script.cut()
    expect(page.locator("#connection")).to_have_text("Live")


def test_promise_live_is_said_while_the_path_is_seen_to_move(site):
    page = live(site.open("/"))
    page.script.beat(1)
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#connection")).to_have_text("Reconnecting")
    page.script.beat(60)
    expect(page.locator("#connection")).to_have_text("Live")
    page.script.beat(0)
    expect(page.locator("#connection")).to_have_text("Reconnecting")
    page.script.beat(None)
    expect(page.locator("#connection")).to_have_text("Live")


def test_a_changed_note_keeps_the_blocks_that_did_not_change(site):
    notes = site.backends.notes
    note = notes.put("menu", "Menu", "x")
    note["html"] = "<p>Soup</p>\n<p>Bread</p>\n<p>Apples</p>"
    page = live(site.open("/notes/menu", ANA))
    page.evaluate("window.kept = document.querySelectorAll('#note-body p')[2]")
    html = "<p>Soup</p>\n<p>Bread <strong>and butter</strong></p>\n<p>Apples</p>"
    saved = {"key": "menu", "title": "<b>Menu</b>", "html": html, "version": 2}
    saved["updated_at"] = notes.now()
    page.script.publish("notes:menu", event("note.updated", note=saved))
    expect(page.locator("#note-body [data-changed]")).to_have_text("Bread and butter")
    expect(page.locator("#note-title")).to_have_text("<b>Menu</b>")
    expect(page.locator("#note-changed")).to_have_text("Updated by Ben just now")
    assert page.evaluate("window.kept === document.querySelectorAll('#note-body p')[2]")
    assert page.title() == "<b>Menu</b> · Notes"


def test_an_old_or_repeated_event_changes_nothing(site):
    notes = site.backends.notes
    notes.put("menu", "Menu")
    notes.put("menu", "Menu 2")
    page = live(site.open("/notes/menu"))
    for version in (1, 2):
        old = {"key": "menu", "title": "Old", "html": "<p>Old</p>", "version": version}
        page.script.publish("notes:menu", event("note.updated", note=old | {"updated_at": ""}))
    new = {"key": "menu", "title": "New", "html": "<p>New</p>", "version": 3, "updated_at": ""}
    page.script.publish("notes:menu", event("note.updated", note=new))
    expect(page.locator("#note-title")).to_have_text("New")


def test_a_text_too_large_for_an_event_is_fetched(site):
    notes = site.backends.notes
    notes.put("menu", "Menu", "small")
    page = live(site.open("/notes/menu"))
    notes.put("menu", "Menu, long", "large", BEN)
    told = {"key": "menu", "title": "Menu, long", "html": None, "version": 2, "updated_at": ""}
    page.script.publish("notes:menu", event("note.updated", note=told))
    expect(page.locator("#note-body")).to_have_text("large")


@pytest.mark.parametrize(
    ("person", "undo"), [(ANA, True), (ADA, True), (BEN, True), (None, False)]
)
def test_a_reader_of_a_deleted_note_goes_home_and_is_told(site, person, undo):
    site.backends.notes.put("menu", "Menu", "", ANA)
    page = live(site.open("/notes/menu", person))
    gone = {"key": "menu", "title": "Menu", "version": 2}
    page.script.publish("notes:menu", event("note.deleted", note=gone))
    who = "you" if person is BEN else "Ben"
    expect(page.locator(".toast [data-field=text]")).to_have_text(
        f"“Menu” was deleted by {who}."
    )
    assert page.url == site.url + "/"
    assert page.get_by_role("button", name="Undo").is_visible() is undo


def test_comments_come_and_go_live_and_ones_own_can_be_deleted_at_once(site):
    notes = site.backends.notes
    notes.put("menu", "Menu")
    page = live(site.open("/notes/menu", ANA))
    for person, text in ((BEN, "<img src=x onerror=alert(1)>"), (ANA, "mine, from elsewhere")):
        said = notes.say("menu", text, person)
        total = len(notes.said["menu"])
        page.script.publish(
            "notes:menu", event("comment.created", by=person, comment=said, comments=total)
        )
    expect(page.locator(".comment-text")).to_have_text(
        ["<img src=x onerror=alert(1)>", "mine, from elsewhere"]
    )
    expect(page.locator("#comments-count")).to_have_text("2")
    page.get_by_role("link", name="Delete comment").click()
    page.locator("#comment-sure").get_by_role("button", name="Delete").click()
    expect(page.locator(".comment-text")).to_have_count(1)
    gone = event("comment.deleted", comment={"id": 1}, comments=0)
    page.script.publish("notes:menu", gone)
    expect(page.locator("#no-comments")).to_be_visible()


def test_a_comment_is_shown_as_it_was_rendered_or_else_as_it_was_typed(site):
    notes = site.backends.notes
    notes.put("menu", "Menu")
    marked = notes.say("menu", "**so** at https://a.example/", BEN)
    link = '<a href="https://a.example/" rel="noopener nofollow">https://a.example/</a>'
    marked["html"] = f"<strong>so</strong>\nat {link}"
    page = live(site.open("/notes/menu", ANA))
    live_too = notes.say("menu", "**and** so", BEN) | {"html": "<strong>and</strong> so"}
    as_before = notes.say("menu", "**so** said 0.1.0", BEN)
    for total, said in ((2, live_too), (3, as_before)):
        page.script.publish(
            "notes:menu", event("comment.created", by=BEN, comment=said, comments=total)
        )
    texts = page.locator(".comment-text")
    # Line breaks are kept.
    assert texts.first.inner_text() == "so\nat https://a.example/"
    expect(texts.first.locator("a")).to_have_attribute("href", "https://a.example/")
    expect(texts.nth(1).locator("strong")).to_have_text("and")
    expect(texts.nth(2)).to_have_text("**so** said 0.1.0")


def test_a_comment_is_sent_without_leaving_and_again_until_it_is_answered(site):
    notes = site.backends.notes
    notes.put("menu", "Menu")
    page = live(site.open("/notes/menu", ANA))
    notes.loses_answers = True
    page.locator("#text").fill("Is there cake?")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#text-error")).to_contain_text("trying again")
    expect(page.locator("#text")).to_have_value("Is there cake?")
    notes.loses_answers = False
    expect(page.locator(".comment-text")).to_have_text("Is there cake?")
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#text")).to_be_focused()


def test_earlier_comments_are_loaded_in_place(site):
    notes = site.backends.notes
    notes.put("menu", "Menu")
    for number in range(12):
        notes.say("menu", f"comment {number}")
    page = live(site.open("/notes/menu"))
    expect(page.locator("#earlier")).to_have_text("7 earlier comments")
    page.locator("#earlier").click()
    expect(page.locator("#earlier")).to_have_text("2 earlier comments")
    page.locator("#earlier").click()
    expect(page.locator(".comment-text")).to_have_text([f"comment {n}" for n in range(12)])
    expect(page.locator("#earlier")).to_be_hidden()


def test_a_draft_survives_a_killed_tab_and_is_offered_not_put_in(site):
    site.backends.notes.put("menu", "Menu", "Soup")
    page = live(site.open("/notes/menu/edit", ANA))
    text_field(page).fill("Soup and cake")
    expect(page.locator("#edit-state")).to_have_text("Unsaved changes")
    until(lambda: drafts(page) == 1)
    again = page.context.new_page()
    again.goto(page.url)
    expect(again.locator("#restore")).to_contain_text("unsaved text from")
    expect(again.locator("#body")).to_have_value("Soup")
    again.locator("[data-action=restore-draft]").click()
    expect(again.locator("#body")).to_have_value("Soup and cake")
    again.locator("[value=save]").click()
    expect(again.locator("#note-body")).to_have_text("Soup and cake")
    until(lambda: drafts(again) == 0)


def test_a_newer_version_is_told_while_writing_and_the_text_is_left_alone(site):
    site.backends.notes.put("menu", "Menu", "Soup")
    page = live(site.open("/notes/menu/edit", ANA))
    text_field(page).fill("mine")
    newer = {"key": "menu", "title": "M", "html": "<p>x</p>", "version": 2, "updated_at": ""}
    page.script.publish("notes:menu", event("note.updated", note=newer))
    expect(page.locator("#newer")).to_contain_text("Ben saved a newer version")
    gone = {"key": "menu", "title": "M", "version": 3}
    page.script.publish("notes:menu", event("note.deleted", note=gone))
    expect(page.locator("#gone")).to_contain_text("deleted by Ben")
    expect(page.locator("#body")).to_have_value("mine")
    page.get_by_role("button", name="Save as a new note").click()
    expect(page.locator("#note-body")).to_have_text("mine")


def test_the_preview_is_shown_in_place(site):
    page = live(site.open("/notes/add", ANA))
    page.locator("#title").fill("Menu")
    text_field(page).fill("Soup")
    page.locator("#preview-button").click()
    expect(page.locator("#preview-body p")).to_have_text("Soup")
    assert page.url.endswith("/notes/add")


def test_leaving_unsaved_text_asks_and_saving_does_not(site):
    asked = []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page = live(site.open("/notes/add", ANA))
    page.on("dialog", stay)
    page.locator("#title").fill("Menu")
    with page.expect_event("dialog"):
        page.locator("#cancel").click(no_wait_after=True)
    assert asked == ["beforeunload"]
    page.locator("[value=save]").click()
    expect(page.locator("#note-title")).to_have_text("Menu")
    assert asked == ["beforeunload"]


def test_a_session_that_ended_is_told_and_the_page_stays_live(site):
    page = live(site.open("/", ANA))
    site.backends.users.sessions.clear()
    page.script.says_expired = True
    page.script.cut()
    expect(page.locator("#signed-out")).to_contain_text("You were signed out")
    expect(page.locator("#status")).to_contain_text("You were signed out")
    made = row(site.backends.notes.put("new", "New", "", BEN))
    live(page)
    until(lambda: page.script.tokens[-1] is None)
    page.script.publish("home", event("note.created", note=made))
    expect(page.locator("#notes .row")).to_have_count(1)


def test_the_keyboard_does_what_its_help_says(site):
    for name in ("a", "b", "c"):
        site.backends.notes.put(name, name)
    page = live(site.open("/", ANA))
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#notes .row-link").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("#notes .row-link").nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#note-title")).to_have_text("c")
    live(page).keyboard.press("c")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("n/?e")
    expect(page.locator("#text")).to_have_value("n/?e")
    page.locator("#main").focus()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.locator("#shortcuts-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    assert "/notes/c" in page.url


def test_items_that_arrive_live_are_the_servers_markup(site, browser):
    """One markup source: the same facts, rendered by the server and filled by the island."""
    notes = site.backends.notes
    notes.put("plain", "Plain", "first line", BEN)
    notes.put("odd", "<b>&\"'</b>", "two  spaces\n<i>", ANA)
    notes.put("~._-", "نص", "مرحبا", ADA)
    for text in ("one\ntwo <b>", "mine"):
        notes.say("odd", text, ANA)
    marked = notes.say("odd", '**two** & "a"\nlines', BEN)
    marked["html"] = '<strong>two</strong> &amp; "a"\nlines'
    script = (WEB / "dist-tests" / "markup.js").read_text()
    page = live(site.open("/notes/odd", ANA, bypass_csp=True))
    page.add_script_tag(content=script)
    facts = {
        "rows": [row(note) for note in notes.notes.values()],
        "comments": notes.said["odd"],
        "key": "odd",
    }
    differences = page.evaluate(
        "facts => markup.differences(facts)", json.loads(json.dumps(facts))
    )
    assert differences == []


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_scrolls_sideways(site, width):
    notes = site.backends.notes
    notes.put("menu", "M" * 200, "x")["html"] = f"<p>{'x' * 300}</p><pre>{'y ' * 300}</pre>"
    notes.say("menu", "z" * 300)
    paths = [
        "/",
        "/notes/menu",
        "/notes/menu/edit",
        "/notes/menu/delete",
        "/trash",
        "/users/login",
    ]
    page = site.open("/", ANA, viewport={"width": width, "height": 700})
    for path in paths:
        page.goto(site.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_pages_that_others_do_not_reach(site, scheme):
    notes = site.backends.notes
    notes.put("menu", "Menu", "Soup")
    said = notes.reword(notes.say("menu", "Is there *cake*?", ANA), "Tea at https://a.example/")
    axe = (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text()
    page = live(site.open("/", ANA, color_scheme=scheme, viewport=PHONE))
    found = []

    def check(name: str) -> None:
        page.evaluate(axe)
        for violation in page.evaluate("async () => (await axe.run()).violations"):
            found.append((name, violation["id"], violation["nodes"][0]["html"][:200]))

    page.keyboard.press("?")
    check("help")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option")).to_have_count(1)
    check("quick open")
    page.goto(site.url + "/notes/menu")
    page.get_by_role("link", name="Edit comment").click()
    expect(page.locator("#comment-list textarea")).to_be_focused()
    check("a comment that is being changed")
    for path in ("edit", "versions", "delete"):
        page.goto(f"{site.url}/notes/menu/comments/{said['id']}/{path}")
        check(f"a comment: {path}")
    page.goto(site.url + "/notes/add")
    text_field(page).fill("Soup")
    site.backends.users.sessions.clear()
    page.locator("#title").fill("Menu")
    page.locator("[value=save]").click()
    expect(page.locator("h1")).to_have_text("Log in to continue")
    check("parked")
    page.locator("#username").fill("ana")
    page.locator("#password").fill("correct horse")
    page.locator("#login-form button.primary").click()
    expect(page.locator("h1")).to_have_text("You are signed in again")
    check("resume")
    notes.is_away = True
    page.goto(site.url + "/")
    check("away")
    notes.is_away = False
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(site.url + "/notes/menu/delete")
    page.locator("#delete-form button").click()
    expect(page.locator(".toast")).to_be_visible()
    check("toast")
    assert found == []


def test_no_request_goes_to_another_host(site):
    site.backends.notes.put("menu", "Menu")
    asked = []
    page = site.open("/", ANA)
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/", "/notes/menu", "/notes/add"):
        page.goto(site.url + path)
        live(page)
    assert [url for url in asked if not re.match(re.escape(site.url), url)] == []
