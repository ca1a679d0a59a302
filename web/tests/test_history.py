"""The versions of a note: list, comparison, restoring and deleting, without JavaScript."""

import re
from typing import Any

import pytest
from fake_backends import ADA, ANA, BEN, EVA
from notes_web.signed_cookies import Signer

HIDDEN = r"<template.*?</template>|<span[^>]* hidden>[^<]*</span>|<[^>]+>"


@pytest.fixture
def notes(backends):
    """A menu of three versions: Ana's, Ben's and an import."""
    backends.notes.put("menu", "Menu", "Soup\nBread")
    backends.notes.put("menu", "Menu", "Soup\nRye Bread\nCake", BEN)
    backends.notes.put("menu", "The menu", "Soup\nRye Bread\nPie", ANA, via="import")
    return backends.notes


def text_of(page: Any) -> str:
    """What a page says, in one line."""
    main = page.text[page.text.index("<main") : page.text.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(HIDDEN, "", main, flags=re.S))


async def test_the_history_lists_every_version_newest_first(browse, notes):
    page = await browse().get("/notes/menu/history")
    numbers = re.findall(r'data-version="(\d+)"', page.text)
    assert numbers == ["3", "2", "1"]
    said = text_of(page)
    assert re.search(r"Version 3.*Ana.*changed 1 line\b.*imported", said)
    assert re.search(r"Version 2.*Ben.*changed 2 lines", said)
    assert 'href="/notes/menu/history/2"' in page.text


async def test_strangers_read_the_history_and_are_offered_no_change(browse, notes):
    for person in (None, EVA):
        page = await browse(person).get("/notes/menu/history/1")
        assert page.status == 200
        assert "restore-form" not in page.forms
        assert "delete-version" not in page.links


async def test_a_private_site_asks_who_reads_the_history(browse, notes, monkeypatch):
    monkeypatch.setattr(notes, "read", notes.list)
    notes.is_public = False
    for path in ("/notes/menu/history", "/notes/menu/history/1"):
        page = await browse().get(path)
        assert page.path.startswith("/users/login?next=/notes/menu/history")


async def test_older_versions_are_a_link_away(browse, backends):
    for number in range(60):
        backends.notes.put("menu", "Menu", f"Soup {number}")
    browser = browse()
    page = await browser.get("/notes/menu/history")
    assert re.findall(r'data-version="(\d+)"', page.text)[-1] == "11"
    older = await browser.get(page.links["older"])
    assert re.findall(r'data-version="(\d+)"', older.text) == [str(n) for n in range(10, 0, -1)]
    # Only the top of the list is live.
    assert "data-channel" not in older.text.split('<ol id="history"')[1].split(">")[0]


async def test_a_version_is_compared_with_the_one_before_it(browse, notes):
    page = await browse().get("/notes/menu/history/2")
    assert "From version 1 to version 2" in text_of(page)
    rows = re.findall(r'<tr class="(\w+)">.*?<td[^>]*>(.*?)</td>', page.text, re.S)
    assert rows == [
        ("same", "Soup"),
        ("removed", "Bread"),
        ("added", "<ins>Rye </ins>Bread"),
        ("added", "<ins>Cake</ins>"),
    ]
    assert re.search(r'<pre id="version-text"[^>]*>Soup\nRye Bread\nCake</pre>', page.text)
    assert "taken out" in page.text
    assert "put in" in page.text


async def test_the_title_is_compared_too(browse, notes):
    page = await browse().get("/notes/menu/history/3")
    title = page.text.split('<tbody class="diff-title">')[1].split("</tbody>")[0]
    assert re.findall(r"<td[^>]*>(.*?)</td>", title) == ["Menu", "The menu"]


async def test_any_two_versions_are_compared_from_the_older_to_the_newer(browse, notes):
    browser = browse()
    for path in ("3?with=1", "1?with=3"):
        page = await browser.get(f"/notes/menu/history/{path}")
        assert "From version 1 to version 3" in text_of(page)
    chosen = await browser.get("/notes/menu/history/compare?old=1&version=3")
    assert chosen.path == "/notes/menu/history/3?with=1"
    same = await browser.get("/notes/menu/history/compare?old=2&version=2")
    assert same.path == "/notes/menu/history/2"
    neither = await browser.get("/notes/menu/history/compare")
    assert neither.path == "/notes/menu/history"


async def test_the_first_version_has_nothing_before_it(browse, notes):
    assert "no earlier version" in text_of(await browse().get("/notes/menu/history/1"))


@pytest.mark.parametrize("n", ["0", "9", "x", "9999999999", "-1", "١"])
async def test_a_version_that_never_was_is_not_found(browse, backends, n):
    if n == "9":
        backends.notes.put("menu", "Menu", "Soup")
        backends.notes.versions.of["menu"].clear()
    else:
        backends.notes.put("menu", "Menu", "Soup")
    page = await browse().get(f"/notes/menu/history/{n}")
    assert page.status == 404
    assert "No such version" in page.text


async def test_a_number_without_a_version_means_the_one_before_it(browse, notes):
    """A note that was deleted and came back counts up, and has no other text."""
    notes.notes["menu"]["version"] = 5
    page = await browse().get("/notes/menu/history/5")
    assert "Version 3 of" in text_of(page)
    assert "From version 2 to version 3" in text_of(page)
    page = await browse().get("/notes/menu/history/3?with=4")
    assert page.status == 200


async def test_what_is_told_after_a_restore_breaks_no_page_of_the_release_before(browse, notes):
    """0.1.0 takes text, tone, undo and saved, and fails on anything else that it can read."""
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/history/1")).form("restore-form")
    await browser.client.post(form.action, data=form.fields, headers=browser.headers)
    cookie = browser.client.cookies["notes_message"].strip('"')
    signer = Signer("a secret of thirty-two characters")
    assert set(signer.loads("message", cookie) or {}) <= {"text", "tone", "undo", "saved"}
    assert "Version 1 restored." in (await browser.get("/")).text
    assert "Version 1 restored." not in (await browser.get("/")).text


async def test_a_version_comes_back_as_a_save_that_can_be_undone(browse, notes):
    browser = browse(ANA)
    page = await browser.get("/notes/menu/history/1")
    back = await browser.submit(page.form("restore-form"))
    assert back.path == "/notes/menu"
    assert "Version 1 restored." in back.text
    assert notes.notes["menu"]["body"] == "Soup\nBread"
    assert notes.notes["menu"]["version"] == 4
    assert "restored from version 1" in text_of(await browser.get("/notes/menu/history"))

    undone = await browser.submit(back.form("/history/3/restore"))
    assert "Version 3 restored." in undone.text
    assert notes.notes["menu"]["body"] == "Soup\nRye Bread\nPie"
    assert notes.notes["menu"]["version"] == 5


async def test_what_is_current_is_not_offered_for_restoring(browse, notes):
    page = await browse(ANA).get("/notes/menu/history/3")
    assert "restore-form" not in page.forms
    assert "as it is now" in text_of(page)


async def test_promise_restoring_replaces_no_text_that_the_person_has_not_seen(browse, notes):
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/history/1")).form("restore-form")
    notes.put("menu", "Menu", "Ben’s new soup", BEN)
    page = await browser.submit(form)
    assert page.status == 409
    assert "Nothing was restored: Ben saved a newer version" in text_of(page)
    assert notes.notes["menu"]["body"] == "Ben’s new soup"
    # The page shows what is there now: whoever presses again has seen it.
    await browser.submit(page.form("restore-form"))
    assert notes.notes["menu"]["body"] == "Soup\nBread"


async def test_a_restore_whose_answer_was_lost_is_made_once(browse, notes):
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/history/1")).form("restore-form")
    notes.loses_answers = True
    assert (await browser.submit(form)).status == 503
    notes.loses_answers = False
    assert (await browser.submit(form)).path == "/notes/menu"
    assert notes.notes["menu"]["version"] == 4


async def test_a_spent_quota_is_said(browse, notes, monkeypatch):
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/history/1")).form("restore-form")

    async def spent(_):
        from fake_backends import problem  # noqa: PLC0415

        return problem(429, "quota_spent", limit=2**20)

    monkeypatch.setattr(notes, "restore_version", spent)
    page = await browser.submit(form)
    assert page.status == 429
    assert "nothing was restored" in text_of(page)


async def test_an_administrator_deletes_a_version_for_good(browse, notes):
    browser = browse(ADA)
    page = await browser.get("/notes/menu/history/2")
    sure = await browser.get(page.links["delete-version"])
    assert "Delete version 2 of" in text_of(sure)
    done = await browser.submit(sure.form("version-delete-form"))
    assert done.path == "/notes/menu/history"
    assert "Version 2 was deleted for good." in done.text
    assert "Version 2 was deleted by an administrator" in text_of(done)
    gone = await browser.get("/notes/menu/history/2")
    assert gone.status == 410
    assert "This version was deleted" in gone.text
    assert "/restore" not in gone.text.split("<main")[1]
    # What it stood between is compared without it.
    assert "From version 1 to version 3" in text_of(await browser.get("/notes/menu/history/3"))


async def test_nobody_else_deletes_a_version_and_nobody_the_current_one(browse, notes):
    for person in (ANA, EVA):
        page = await browse(person).get("/notes/menu/history/2/delete")
        assert page.status == 403
    browser = browse(ADA)
    page = await browser.get("/notes/menu/history/3")
    assert "delete-version" not in page.links
    form = (await browser.get("/notes/menu/history/2/delete")).form("version-delete-form")
    form.action = "/notes/menu/history/3/delete"
    refused = await browser.submit(form)
    assert refused.status == 409
    assert "current text" in text_of(refused)
    assert not any(each["deleted"] for each in notes.versions.of["menu"])


async def test_what_people_wrote_is_text_in_the_history(browse, backends):
    backends.notes.put("menu", "<b>x</b>", "<script>1</script> a b c")
    backends.notes.put("menu", "<i>x</i>", "<script>2</script> a b c", {**BEN, "name": "<u>B"})
    for path in ("/notes/menu/history", "/notes/menu/history/2"):
        page = await browse().get(path)
        assert not re.search(r"<(b|i|u|script)>", page.text.split("<main")[1])
    assert "&lt;script&gt;" in page.text


async def test_the_history_of_a_deleted_note_says_so(browse, notes):
    gone = notes.notes.pop("menu")
    by = {"id": "ben-id", "name": "Ben"}
    notes.gone["menu"] = gone | {"deletion": {"by": by, "at": notes.now()}}
    page = await browse(BEN).get("/notes/menu/history")
    assert page.status == 410
    assert "Ben deleted" in text_of(page)
    assert any(form.action == "/notes/menu/restore" for form in page.forms.values())
