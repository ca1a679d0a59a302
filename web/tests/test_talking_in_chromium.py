"""A comment that is being written, and the comments that come and go around it."""

from typing import Any

import pytest
from fake_backends import ANA, BEN
from playwright.sync_api import expect
from scripted_socket import event
from served_web import ScriptedPage, Served
from text_field import text_field

pytestmark = pytest.mark.browser


def open_note(
    site: Served, person: dict[str, Any] | None = ANA, **options: Any
) -> ScriptedPage:
    site.backends.notes.put("menu", "Menu", "Soup", BEN)
    page = site.open("/notes/menu", person, **options)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


def delete_elsewhere(site: Served, page: ScriptedPage, by: dict[str, Any] = BEN) -> None:
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


def say(site: Served, count: int, by: dict[str, Any] = BEN) -> list[dict[str, Any]]:
    number = len(site.backends.notes.said.get("menu", []))
    return [site.backends.notes.say("menu", f"c{number + each}", by) for each in range(count)]


def tell(page: ScriptedPage, said: list[dict[str, Any]], total: int) -> None:
    """What was said arrives live, the last one with the total."""
    first = total - len(said)
    for place, each in enumerate(said, start=1):
        made = event("comment.created", by=each["author"], comment=each, comments=first + place)
        page.script.publish("notes:menu", made)


def shown(page: ScriptedPage) -> list[str]:
    return page.locator(".comment-text").all_text_contents()


def test_promise_after_a_gap_the_comments_are_one_run_and_the_earlier_ones_are_offered(site):
    """Badge 325, 55 shown, no way to the others: what is loaded must adjoin what is kept."""
    site.backends.notes.put("menu", "Menu", "Soup", BEN)
    say(site, 5)
    page = open_note(site)
    expect(page.locator("#earlier")).to_be_hidden()
    say(site, 320)
    page.script.refuses_to_recover = True
    page.script.cut()
    expect(page.locator("#comments-count")).to_have_text("325")
    expect(page.locator(".comment-text").last).to_have_text("c324")
    assert shown(page) == [f"c{number}" for number in range(320, 325)]
    expect(page.locator("#earlier")).to_have_text("320 earlier comments")
    page.locator("#earlier").click()
    expect(page.locator(".comment-text").first).to_have_text("c315")
    assert shown(page) == [f"c{number}" for number in range(315, 325)]


def test_after_a_gap_what_the_reader_had_loaded_stays_where_it_adjoins(site):
    site.backends.notes.put("menu", "Menu", "Soup", BEN)
    said = say(site, 12)
    page = open_note(site)
    page.locator("#earlier").click()
    expect(page.locator(".comment-text")).to_have_count(10)
    # Taken back meanwhile: one of those that the newest page does not tell of.
    site.backends.notes.said["menu"].remove(said[4])
    for text in ("new", "newer"):
        site.backends.notes.say("menu", text, BEN)
    page.script.refuses_to_recover = True
    page.script.cut()
    expect(page.locator(".comment-text").last).to_have_text("newer")
    everything = [each["text"] for each in site.backends.notes.said["menu"]]
    assert shown(page) == everything[-len(shown(page)) :]
    assert "c2" in shown(page)
    assert "c4" not in shown(page)
    expect(page.locator("#comments-count")).to_have_text("13")


def test_an_earlier_page_of_comments_is_loaded_anew_as_that_page(site):
    site.backends.notes.put("menu", "Menu", "Soup", BEN)
    said = say(site, 12)
    page = site.open("/notes/menu?before=7", ANA)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    assert shown(page) == [f"c{number}" for number in range(2, 7)]
    site.backends.notes.said["menu"].remove(said[4])
    page.script.refuses_to_recover = True
    page.script.cut()
    expect(page.locator(".comment-text", has_text="c4")).to_have_count(0)
    assert shown(page) == ["c2", "c3", "c5", "c6", "c7"]


def test_a_comment_that_arrives_while_the_text_is_fetched_stays(site):
    """What arrives while an answer is on its way is not in that answer."""
    page = open_note(site)
    say(site, 1)
    held = []
    page.route("**/live/notes/menu", lambda route: held.append((route, route.fetch())))
    notes = site.backends.notes
    notes.put("menu", "Menu", "large", BEN)
    told = {"key": "menu", "title": "Menu", "html": None, "version": 2, "updated_at": ""}
    with page.expect_request("**/live/notes/menu"):
        page.script.publish("notes:menu", event("note.updated", note=told))
    page.wait_for_function("() => true")
    while not held:
        page.wait_for_timeout(20)
    tell(page, say(site, 1), 2)
    expect(page.locator(".comment-text")).to_have_text(["c1"])
    [(route, answer)] = held
    route.fulfill(response=answer)
    expect(page.locator("#note-body")).to_have_text("large")
    expect(page.locator(".comment-text")).to_have_text(["c0", "c1"])
    expect(page.locator("#comments-count")).to_have_text("2")


def test_a_text_that_could_not_be_fetched_is_fetched_again(site):
    page = open_note(site)
    notes = site.backends.notes
    notes.put("menu", "Menu", "large", BEN)
    notes.is_away = True
    told = {"key": "menu", "title": "Menu", "html": None, "version": 2, "updated_at": ""}
    with page.expect_response("**/live/notes/menu"):
        page.script.publish("notes:menu", event("note.updated", note=told))
    notes.is_away = False
    expect(page.locator("#note-body")).to_have_text("large")


def test_a_note_whose_key_names_another_one_now_is_not_mixed_with_it(site):
    page = open_note(site)
    notes = site.backends.notes
    notes.put("menu", "Menu", "Stew", BEN)
    del notes.notes["menu"]
    notes.put("menu", "Other", "Cake", BEN)
    page.script.refuses_to_recover = True
    page.script.cut()
    page.wait_for_url(site.url + "/")
    expect(page.locator(".toast")).to_contain_text("“Menu” was deleted")


def test_promise_an_open_note_holds_a_bounded_part_of_what_is_said(site):
    page = open_note(site)
    page.locator("#text").focus()
    for _ in range(10):
        said = say(site, 50)
        tell(page, said, len(site.backends.notes.said["menu"]))
    expect(page.locator("#comments-count")).to_have_text("500")
    expect(page.locator(".comment-text").last).to_have_text("c499")
    # While the newest are on their way the page holds what arrives, up to twice as many.
    page.wait_for_function("() => document.querySelectorAll('.comment-text').length <= 200")
    texts = shown(page)
    assert texts == [f"c{number}" for number in range(500 - len(texts), 500)]
    expect(page.locator("#earlier")).to_have_text(f"{500 - len(texts)} earlier comments")
    expect(page.locator("#text")).to_be_in_viewport()


def test_comments_wait_while_somebody_reads_the_earlier_ones_of_a_full_page(site):
    page = open_note(site)
    tell(page, say(site, 200), 200)
    expect(page.locator(".comment-text")).to_have_count(200)
    page.locator(".comment-text").first.scroll_into_view_if_needed()
    tell(page, say(site, 3), 203)
    expect(page.locator("#later")).to_have_text("3 newer comments")
    expect(page.locator(".comment-text").first).to_be_in_viewport()
    page.locator("#later").click()
    expect(page.locator(".comment-text").last).to_have_text("c202")
    expect(page.locator("#later")).to_be_hidden()
    expect(page.locator("#earlier")).to_have_text("198 earlier comments")
    expect(page.locator(".comment-text").last).to_be_in_viewport()


def test_comments_stand_in_their_order_whichever_news_comes_first(site):
    """One's own answer is here before the news of what somebody else said just before it."""
    page = open_note(site)
    theirs = say(site, 1)
    page.locator("#text").fill("mine")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".comment-text")).to_have_text(["mine"])
    tell(page, theirs, 1)
    expect(page.locator(".comment-text")).to_have_text(["c0", "mine"])


def test_promise_a_deleted_comment_is_undone_in_its_place(site):
    page = open_note(site)
    notes = site.backends.notes
    notes.say("menu", "Is there cake?", ANA)
    notes.say("menu", "There is.", BEN)
    page.reload()
    texts = page.locator(".comment-text")
    expect(texts).to_have_text(["Is there cake?", "There is."])
    page.locator("#text").fill("I am writing")
    page.get_by_role("link", name="Delete comment").click()
    page.locator("#comment-sure").get_by_role("button", name="Delete").click()
    expect(texts).to_have_text(["There is."])
    gone = event("comment.deleted", by=ANA, comment={"id": 1}, comments=1)
    page.script.publish("notes:menu", gone)
    page.get_by_role("button", name="Undo").click()
    expect(texts).to_have_text(["Is there cake?", "There is."])
    expect(page.locator("#comments-count")).to_have_text("2")
    expect(page.locator("#text")).to_have_value("I am writing")
    expect(page.locator(".toast")).to_have_count(0)


def test_a_comment_comes_back_live_and_late_news_of_what_it_was_does_not_bring_it(site):
    page = open_note(site)
    said = site.backends.notes.say("menu", "Is there cake?", BEN)
    old, back = dict(said), said | {"version": 2}

    def tell(kind: str, comment: dict[str, Any], comments: int) -> None:
        page.script.publish("notes:menu", event(kind, comment=comment, comments=comments))

    texts = page.locator(".comment-text")
    tell("comment.created", old, 1)
    expect(texts).to_have_count(1)
    tell("comment.deleted", {"id": said["id"]}, 0)
    expect(texts).to_have_count(0)
    tell("comment.created", old, 1)
    other = site.backends.notes.say("menu", "There is.", BEN)
    tell("comment.created", other, 1)
    expect(texts).to_have_text(["There is."])
    tell("comment.created", back, 2)
    expect(texts).to_have_text(["Is there cake?", "There is."])


def test_a_comment_is_asked_about_before_it_is_deleted(site):
    site.backends.notes.put("menu", "Menu", "Soup", BEN)
    say(site, 1, ANA)
    page = open_note(site)
    sure = page.locator("#comment-sure")
    for way_out in ("Cancel", "Escape"):
        page.get_by_role("link", name="Delete comment").click()
        expect(sure).to_contain_text("c0")
        if way_out == "Escape":
            page.keyboard.press("Escape")
        else:
            sure.get_by_role("button", name=way_out).click()
        expect(sure).to_be_hidden()
    assert len(site.backends.notes.said["menu"]) == 1
    page.get_by_role("link", name="Delete comment").press("Enter")
    sure.get_by_role("button", name="Delete").click()
    expect(page.locator(".comment-text")).to_have_count(0)
    assert site.backends.notes.said["menu"] == []


def test_ones_own_save_is_no_news_in_the_list(site):
    """Neither the one just made here, nor one made in another browser."""
    notes = site.backends.notes
    page = open_note(site)
    page.goto(site.url + "/notes/menu/edit")
    text_field(page).fill("Stew")
    page.keyboard.press("Control+s")
    expect(page.locator("#edit-state")).to_contain_text("Saved ")
    page.goto(site.url)
    row = page.locator("#notes .row")
    expect(row).to_contain_text("changed by Ana")
    expect(page.locator("#notes .row[data-news]")).to_have_count(0)
    notes.put("menu", "Menu", "Cake", ANA)
    page.reload()
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    expect(page.locator("#notes .row[data-news]")).to_have_count(0)
    changed = notes.put("menu", "Menu", "Bread", BEN)
    told = {name: value for name, value in changed.items() if name not in ("body", "html")}
    page.script.publish("home", event("note.updated", note=told))
    expect(page.locator("#notes .row[data-news]")).to_have_count(1)
    expect(row.locator("[data-field=edited]")).to_be_hidden()
