"""Promise 1: nobody's text is replaced without being told, and nothing typed is ever lost."""

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
