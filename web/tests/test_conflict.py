"""Promise 1: nobody's text is replaced without being told, and nothing typed is ever lost."""

import pytest
from fake_backends import ANA, BEN

MINE = "\nfirst line empty\nSoup & <bread>\n\nkeep  two  spaces\n"


async def in_conflict(browse, backends):
    """Ana's page after Ben saved under her hands."""
    backends.notes.put("menu", "Menu", "Soup\n")
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/edit")).form("edit-form")
    backends.notes.put("menu", "Ben’s menu", "Stew\n", BEN)
    return browser, await browser.submit(form, title="Ana’s menu", body=MINE, choice="save")


async def test_a_stale_save_shows_both_texts_and_changes_nothing(browse, backends):
    _, page = await in_conflict(browse, backends)
    assert page.status == 409
    assert "Ben</span> saved a newer version" in page.text
    assert "Stew\n" in page.text
    kept = page.form("conflict-form").fields
    assert (kept["title"], kept["body"]) == ("Ana’s menu", MINE)
    assert backends.notes.notes["menu"]["body"] == "Stew\n"


async def test_keep_mine_saves_over_the_version_that_was_shown(browse, backends):
    browser, page = await in_conflict(browse, backends)
    shown = await browser.submit(page.form("conflict-form"), choice="mine")
    assert shown.path == "/notes/menu"
    assert backends.notes.notes["menu"]["body"] == MINE


async def test_keep_mine_is_a_conflict_again_if_somebody_saved_meanwhile(browse, backends):
    browser, page = await in_conflict(browse, backends)
    backends.notes.put("menu", "Menu", "Third", BEN)
    again = await browser.submit(page.form("conflict-form"), choice="mine")
    assert (again.status, "Third" in again.text) == (409, True)
    assert again.form("conflict-form").fields["body"] == MINE


async def test_take_theirs_leads_to_the_note(browse, backends):
    browser, page = await in_conflict(browse, backends)
    assert "Stew" in (await browser.get(page.links["take-theirs"])).text


async def test_keep_both_makes_a_second_note(browse, backends):
    browser, page = await in_conflict(browse, backends)
    second = await browser.submit(page.form("conflict-form"), choice="both")
    assert "Ana’s menu (Ana’s version)" in second.text
    bodies = {note["body"] for note in backends.notes.notes.values()}
    assert bodies == {"Stew\n", MINE}


BASE = "Menu\n\nSoup\n\nBread\n\nCake\n"


async def apart(browse, backends):
    """Ana's page after Ben changed another place of the text."""
    backends.notes.put("menu", "Menu", BASE)
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/edit")).form("edit-form")
    backends.notes.put("menu", "Menu", BASE.replace("Soup", "Stew"), BEN)
    mine = BASE.replace("Cake", "Two cakes")
    return browser, await browser.submit(form, body=mine, choice="save")


async def test_changes_of_different_places_are_offered_together_as_the_first_choice(
    browse, backends
):
    browser, page = await apart(browse, backends)
    assert page.text.index("Merge both") < page.text.index("Merge by hand")
    assert 'Ben put in</span></th><td data-field="text" dir="auto">Stew<' in page.text
    assert 'you put in</span></th><td data-field="text" dir="auto">Two cakes<' in page.text
    await browser.submit(page.form("conflict-form"), choice="together")
    saved = backends.notes.notes["menu"]
    assert saved["body"] == "Menu\n\nStew\n\nBread\n\nTwo cakes\n"
    assert saved["version"] == 3


@pytest.mark.parametrize("end", ["\r\n", "\r"])
async def test_a_text_with_other_line_ends_goes_together_as_any_other(browse, backends, end):
    """As another program saved it, once: what it holds is the same lines."""
    backends.notes.put("menu", "Menu", BASE.replace("\n", end))
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/edit")).form("edit-form")
    theirs = BASE.replace("Soup", "Stew").replace("\n", end)
    backends.notes.put("menu", "Menu", theirs, BEN)
    mine = BASE.replace("Cake", "Two cakes")
    page = await browser.submit(form, body=mine, choice="save")
    await browser.submit(page.form("conflict-form"), choice="together")
    saved = backends.notes.notes["menu"]
    assert saved["body"] == "Menu\n\nStew\n\nBread\n\nTwo cakes\n"


async def test_changes_of_one_place_are_not_offered_together(browse, backends):
    _, page = await in_conflict(browse, backends)
    assert "Merge both" not in page.text


async def test_what_was_typed_on_the_conflict_page_is_merged_too(browse, backends):
    browser, page = await apart(browse, backends)
    mine = page.form("conflict-form").fields["body"].replace("Two cakes", "Three cakes")
    await browser.submit(page.form("conflict-form"), body=mine, choice="together")
    assert "Three cakes" in backends.notes.notes["menu"]["body"]
    assert "Stew" in backends.notes.notes["menu"]["body"]


async def test_merging_both_is_shown_again_if_somebody_saved_meanwhile(browse, backends):
    browser, page = await apart(browse, backends)
    backends.notes.put("menu", "Menu", BASE.replace("Soup", "Broth"), BEN)
    again = await browser.submit(page.form("conflict-form"), choice="together")
    assert (again.status, "Broth" in again.text, "Merge both" in again.text) == (
        409,
        True,
        True,
    )
    assert "Two cakes" in again.form("conflict-form").fields["body"]
    await browser.submit(again.form("conflict-form"), choice="together")
    assert "Broth" in backends.notes.notes["menu"]["body"]


@pytest.mark.parametrize("choice", ["together", "merge"])
async def test_a_note_that_is_deleted_before_the_choice_keeps_the_text(
    browse, backends, choice
):
    browser, page = await apart(browse, backends)
    bens = browse(BEN)
    await bens.submit((await bens.get("/notes/menu/delete")).form("delete-form"))
    kept = await browser.submit(page.form("conflict-form"), choice=choice)
    assert kept.status == 410
    assert "Two cakes" in kept.form("deleted-form").fields["body"]


async def test_the_text_that_one_began_with_survives_the_end_of_a_session(browse, backends):
    backends.notes.put("menu", "Menu", BASE)
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/edit")).form("edit-form")
    backends.users.sessions.clear()
    mine = BASE.replace("Cake", "Two cakes")
    login = await browser.submit(form, body=mine, choice="save")
    right = {"username": "ana", "password": "correct horse"}
    resume = await browser.submit(login.form("login-form"), **right)
    backends.notes.put("menu", "Menu", BASE.replace("Soup", "Stew"), BEN)
    conflict = await browser.submit(resume.form("resume-form"))
    assert "Merge both" in conflict.text


async def test_a_save_in_place_answers_with_the_new_version_and_refusals_as_problems(
    browse, backends
):
    backends.notes.put("menu", "Menu", BASE)
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/edit")).form("edit-form")
    browser.headers["Accept"] = "application/json"
    saved = await browser.submit(form, body="mine", choice="save")
    assert (saved.status, saved.response.json()["version"]) == (200, 2)
    stale = await browser.submit(form, body="again", choice="save")
    assert (stale.status, stale.response.json()["code"]) == (412, "version_conflict")
    assert backends.notes.notes["menu"]["body"] == "mine"


async def test_the_page_after_a_save_names_the_text_that_was_saved(browse, backends):
    browser, page = await apart(browse, backends)
    name = page.form("conflict-form").fields["writing"]
    saved = await browser.submit(page.form("conflict-form"), choice="mine")
    assert f'data-saved="{name}"' in saved.text
    assert "data-saved" not in (await browser.get("/notes/menu")).text


async def test_merging_opens_the_editor_with_every_line_of_both(browse, backends):
    browser, page = await in_conflict(browse, backends)
    merging = await browser.submit(page.form("conflict-form"), choice="merge")
    fields = merging.form("edit-form").fields
    assert {"Stew", *MINE.split("\n")} <= set(fields["body"].split("\n"))
    assert fields["version"] == "2"
    await browser.submit(merging.form("edit-form"), choice="save")
    assert backends.notes.notes["menu"]["version"] == 3


async def test_a_note_deleted_while_it_was_edited_keeps_the_text(browse, backends):
    backends.notes.put("menu", "Menu", "Soup")
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/edit")).form("edit-form")
    bens = browse(BEN)
    await bens.submit((await bens.get("/notes/menu/delete")).form("delete-form"))
    page = await browser.submit(form, body=MINE)
    assert page.status == 410
    assert "Ben" in page.text
    assert page.form("deleted-form").fields["body"] == MINE
    saved = await browser.submit(page.form("deleted-form"), choice="save")
    assert saved.status == 200
    assert MINE in [note["body"] for note in backends.notes.notes.values()]


async def test_text_survives_the_end_of_a_session(browse, backends):
    backends.notes.put("menu", "Menu", "Soup")
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/edit")).form("edit-form")
    backends.users.sessions.clear()
    login = await browser.submit(form, body=MINE)
    assert (login.status, "You were signed out" in login.text) == (401, True)
    wrong = await browser.submit(login.form("login-form"), username="ana", password="no")
    right = {"username": "ana", "password": "correct horse"}
    resume = await browser.submit(wrong.form("login-form"), **right)
    assert resume.form("resume-form").fields["body"] == MINE
    saved = await browser.submit(resume.form("resume-form"))
    assert saved.path == "/notes/menu"
    assert backends.notes.notes["menu"]["body"] == MINE


async def test_a_comment_survives_the_end_of_a_session(browse, backends):
    backends.notes.put("menu", "Menu", "Soup")
    browser = browse(ANA)
    form = (await browser.get("/notes/menu")).form("comment-form")
    backends.users.sessions.clear()
    login = await browser.submit(form, text="Is there cake?")
    right = {"username": "ana", "password": "correct horse"}
    resume = await browser.submit(login.form("login-form"), **right)
    await browser.submit(resume.form("resume-form"))
    assert [said["text"] for said in backends.notes.said["menu"]] == ["Is there cake?"]


async def test_text_survives_a_service_that_is_away(browse, backends):
    backends.notes.put("menu", "Menu", "Soup")
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/edit")).form("edit-form")
    backends.notes.is_away = True
    page = await browser.submit(form, body=MINE)
    assert page.status == 503
    assert page.form("edit-form").fields["body"] == MINE
    backends.notes.is_away = False
    await browser.submit(page.form("edit-form"))
    assert backends.notes.notes["menu"]["body"] == MINE


async def test_text_survives_while_nobody_can_say_who_is_signed_in(browse, backends):
    backends.notes.put("menu", "Menu", "Soup")
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/edit")).form("edit-form")
    browser.carry(backends.users.sign_in(ANA))
    form.fields["csrf"] = (await browser.get("/notes/menu")).form("comment-form").fields["csrf"]
    backends.users.is_away = True
    browser.carry("never seen before")
    page = await browser.submit(form, body=MINE)
    assert page.status in (403, 503)
    assert page.form("resume-form").fields["body"] == MINE


async def test_a_comment_survives_a_service_that_is_away(browse, backends):
    backends.notes.put("menu", "Menu", "Soup")
    browser = browse(ANA)
    form = (await browser.get("/notes/menu")).form("comment-form")
    backends.notes.is_away = True
    page = await browser.submit(form, text="Is there cake?")
    assert page.status == 503
    assert page.form("resume-form").fields["text"] == "Is there cake?"
