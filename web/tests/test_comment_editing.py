"""One's own comment is changed by plain forms, and what it said before is shown."""

import pytest
from fake_backends import ADA, ANA, BEN, EVA

FORM = "comment-edit-form"
EDIT = "/notes/menu/comments/1/edit"
VERSIONS = "/notes/menu/comments/1/versions"


@pytest.fixture
def said(backends):
    backends.notes.put("menu", "Menu")
    return backends.notes.say("menu", "Is there <cake>?", ANA)


async def test_a_comment_is_changed_and_says_so(browse, said):
    browser = browse(ANA)
    note = await browser.get("/notes/menu")
    assert 'edit" aria-label="Edit comment">' in note.text
    page = await browser.get(EDIT)
    assert page.form(FORM).fields["text"] == "Is there <cake>?"
    changed = await browser.submit(page.form(FORM), text=" Is there tea? ")
    assert said["text"] == "Is there tea?"
    assert "Is there tea?" in changed.text
    assert f'href="{VERSIONS}">edited' in changed.text
    former = await browser.get(VERSIONS)
    assert "Is there &lt;cake&gt;?" in former.text
    assert "Is there tea?" in former.text


async def test_only_its_author_sees_edit_and_gets_the_form(browse, said, backends):
    backends.notes.reword(said, "Tea?")
    shown = 'edit" aria-label="Edit comment">'  # else the link is hidden
    people = ((ANA, True, True), (ADA, False, True), (BEN, False, False), (None, False, False))
    for person, edits, sees in people:
        page = await browse(person).get("/notes/menu")
        assert (shown in page.text, f'href="{VERSIONS}"' in page.text) == (edits, sees)
        assert "edited" in page.text
    for person in (ADA, BEN, EVA):
        assert (await browse(person).get(EDIT)).status == 403
    assert (await browse(BEN).get(VERSIONS)).status == 403


async def test_a_comment_that_never_was_is_told_as_such(browse, said):
    page = await browse(ANA).get("/notes/menu/comments/999/versions")
    assert page.status == 404
    assert "No such comment" in page.text


async def test_promise_another_windows_change_is_shown_and_not_replaced_blindly(
    browse, said, backends
):
    browser = browse(ANA)
    form = (await browser.get(EDIT)).form(FORM)
    backends.notes.reword(said, "From <another> window")
    told = await browser.submit(form, text="From this one")
    assert told.status == 409
    assert "From &lt;another&gt; window" in told.text
    assert said["text"] == "From <another> window"
    again = told.form(FORM)
    assert again.fields["text"] == "From this one"
    await browser.submit(again)
    assert said["text"] == "From this one"


async def test_what_else_changed_of_a_comment_is_no_conflict(browse, said, backends):
    browser = browse(ANA)
    form = (await browser.get(EDIT)).form(FORM)
    said["version"] = 7
    assert (await browser.submit(form, text="Tea?")).status == 200
    assert (said["text"], said["version"]) == ("Tea?", 8)


async def test_promise_what_was_typed_comes_back_whatever_became_of_the_comment(
    browse, said, backends
):
    browser = browse(ANA)
    form = (await browser.get(EDIT)).form(FORM)
    long = await browser.submit(form, text="x" * 4001)
    assert (long.status, long.form(FORM).fields["text"]) == (422, "x" * 4001)
    backends.notes.loses_answers = True
    lost = await browser.submit(form, text="Tea?")
    assert (lost.status, lost.form(FORM).fields["text"]) == (503, "Tea?")
    backends.notes.loses_answers = False
    assert (await browser.submit(lost.form(FORM))).status == 200
    assert said["text"] == "Tea?"

    form = (await browser.get(EDIT)).form(FORM)
    backends.notes.said["menu"].clear()
    gone = await browser.submit(form, text="Milk?")
    assert "This comment was deleted" in gone.text
    posted = await browser.submit(gone.form(FORM))
    assert posted.status == 200
    assert [each["text"] for each in backends.notes.said["menu"]] == ["Milk?"]
    assert "This comment was deleted" in (await browser.get(EDIT)).text
