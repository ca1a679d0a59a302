"""Every page and form, without JavaScript."""

import pytest
from fake_backends import ADA, ANA, BEN, EVA, NOON, problem
from notes_web.pages import errors
from starlette.responses import JSONResponse


async def test_the_home_page_shows_the_newest_change_first(browse, backends):
    backends.notes.put("first", "First")
    backends.notes.put("second", "Second")
    page = await browse().get("/")
    assert page.status == 200
    assert page.text.index(">Second<") < page.text.index(">First<")


async def test_an_empty_home_page_says_what_to_do(browse):
    assert "No notes yet" in (await browse().get("/")).text


async def test_a_search_without_result_shows_the_words_and_offers_to_clear_them(browse):
    page = await browse().get("/?q=<unicorn>")
    assert 'Nothing matches “<span dir="auto">&lt;unicorn&gt;</span>”' in page.text
    assert "Clear the search" in page.text
    phrase = await browse().get('/?q="unicorn"')
    assert 'Nothing matches <span dir="auto">&#34;unicorn&#34;</span>' in phrase.text


async def test_a_search_that_is_too_long_stays_in_its_field(browse):
    page = await browse().get("/?q=" + "unicorn+" * 30)
    assert (page.status, "That search is too long" in page.text) == (422, True)
    assert 'value="unicorn unicorn' in page.text


async def test_an_empty_site_tells_a_stranger_where_to_sign_up(browse):
    assert 'href="/users/signup"' in (await browse().get("/")).text
    assert 'href="/users/signup"' not in (await browse(ANA).get("/")).text


async def test_the_list_goes_on_behind_older_notes(browse, backends):
    for number in range(60):
        backends.notes.put(f"n{number}", f"Note {number}")
    browser = browse()
    page = await browser.get("/")
    assert page.text.count('class="row"') == 51  # and one in the template
    assert "Note 0<" in (await browser.get(page.links["older"])).text


async def test_lists_are_sorted_by_age_and_by_title_and_their_links_keep_the_order(
    browse, backends
):
    for number in range(60):
        backends.notes.put(f"n{number}", f"Note {number:02}")
    backends.notes.put("n3", "Note 03", "changed")
    browser = browse(ANA)
    unknown = (await browser.get("/?sort=size")).text
    assert unknown.index(">Note 03<") < unknown.index(">Note 59<")
    by_age = await browser.get("/?sort=created")
    assert by_age.text.index(">Note 59<") < by_age.text.index(">Note 58<")
    assert 'data-top="yes" data-sort="created"' in by_age.text
    assert ">Note 03<" not in by_age.text
    assert ">Note 03<" in (await browser.get(by_age.links["older"])).text
    by_title = await browser.get("/?sort=title")
    assert by_title.text.index(">Note 00<") < by_title.text.index(">Note 01<")
    assert 'data-top="" data-sort="title"' in by_title.text
    assert 'href="/?mine=1&amp;sort=title"' in by_title.text
    assert ">Note 59<" in (await browser.get(by_title.links["older"])).text
    mine = await browser.get("/?mine=1&sort=title")
    assert 'href="/?sort=title"' in mine.text
    assert 'href="/?mine=1&amp;sort=created"' in mine.text


async def test_a_note_shows_its_html_and_its_comments_oldest_first(browse, backends):
    backends.notes.put("menu", "Menu", "Soup & bread")
    for number in range(7):
        backends.notes.say("menu", f"comment {number}", BEN)
    browser = browse()
    page = await browser.get("/notes/menu")
    assert "<p>Soup &amp; bread</p>" in page.text
    assert page.text.index("comment 2<") < page.text.index("comment 6<")
    assert "2 earlier comments" in page.text
    assert "comment 0<" in (await browser.get(page.links["earlier"])).text


async def test_a_note_can_be_written_previewed_and_saved(browse, backends):
    browser = browse(ANA)
    page = await browser.get("/notes/add")
    form = page.form("edit-form")
    preview = await browser.submit(form, title="Menu", body="one\ntwo", choice="preview")
    assert "<p>one\ntwo</p>" in preview.text
    assert preview.form("edit-form").fields["body"] == "one\ntwo"
    shown = await browser.submit(preview.form("edit-form"), choice="save", key="menu")
    assert (shown.path, shown.status) == ("/notes/menu", 200)
    assert backends.notes.notes["menu"]["body"] == "one\ntwo"


async def test_a_lost_answer_is_not_a_second_note(browse, backends):
    browser = browse(ANA)
    backends.notes.loses_answers = True
    form = (await browser.get("/notes/add")).form("edit-form")
    again = await browser.submit(form, title="Menu", body="Soup")
    assert again.status == 503
    assert again.form("edit-form").fields["body"] == "Soup"
    backends.notes.loses_answers = False
    assert (await browser.submit(again.form("edit-form"))).status == 200
    assert len(backends.notes.notes) == 1


async def test_a_lost_answer_to_a_change_is_not_a_conflict_with_oneself(browse, backends):
    backends.notes.put("menu", "Menu", "old")
    browser = browse(ANA)
    backends.notes.loses_answers = True
    form = (await browser.get("/notes/menu/edit")).form("edit-form")
    again = await browser.submit(form, body="new")
    backends.notes.loses_answers = False
    assert (await browser.submit(again.form("edit-form"))).path == "/notes/menu"
    assert backends.notes.notes["menu"]["version"] == 2


async def test_what_was_cut_off_on_its_way_to_notes_service_is_asked_again(browse, backends):
    notes, browser = backends.notes, browse(ANA)
    notes.put("menu", "Menu", "old")
    notes.loses_answers = 1
    form = (await browser.get("/notes/menu/edit")).form("edit-form")
    assert (await browser.submit(form, body="new")).path == "/notes/menu"
    notes.loses_answers = 1
    # Sent again by the browser, the form is the same save still.
    assert (await browser.submit(form, body="new")).path == "/notes/menu"
    assert (notes.notes["menu"]["body"], notes.notes["menu"]["version"]) == ("new", 2)

    notes.loses_answers = 1
    page = await browser.submit((await browser.get("/notes/menu")).form("/comments"), text="Hi")
    assert [said["text"] for said in notes.said["menu"]] == ["Hi"]
    notes.loses_answers = 1
    page = await browser.get("/notes/menu/comments/1/delete")
    page = await browser.submit(page.form("/comments/1/delete"))
    assert "The comment was deleted" in page.text
    notes.loses_answers = 1
    page = await browser.submit((await browser.get("/notes/menu/delete")).form("/delete"))
    assert "was moved to the trash" in page.text


async def test_other_words_after_a_try_that_nobody_answered_are_another_save(browse, backends):
    backends.notes.put("menu", "Menu", "old")
    browser = browse(ANA)
    backends.notes.loses_answers = True
    form = (await browser.get("/notes/menu/edit")).form("edit-form")
    again = await browser.submit(form, body="new")
    assert "your text may or may not have been saved" in again.text
    backends.notes.loses_answers = False
    both = await browser.submit(again.form("edit-form"), body="newer")
    assert "You saved a newer version elsewhere" in both.text
    assert "newer" in both.form("conflict-form").fields["body"]


async def test_a_form_error_is_told_at_the_top_and_at_its_field_and_the_text_is_kept(browse):
    browser = browse(ANA)
    form = (await browser.get("/notes/add")).form("edit-form")
    page = await browser.submit(form, title=" ", body="long text")
    assert page.status == 422
    assert 'id="errors"' in page.text
    assert 'aria-describedby="title-error"' in page.text
    assert page.form("edit-form").fields["body"] == "long text"


async def test_an_address_that_is_taken_is_told_and_the_text_is_kept(browse, backends):
    backends.notes.put("menu", "Menu")
    browser = browse(ANA)
    form = (await browser.get("/notes/add")).form("edit-form")
    page = await browser.submit(form, title="Other", body="text", key="menu")
    assert page.status == 409
    assert page.form("edit-form").fields["body"] == "text"


async def test_deleting_asks_goes_to_the_trash_and_offers_undo(browse, backends):
    backends.notes.put("menu", "Menu")
    browser = browse(BEN)
    confirm = await browser.get("/notes/menu/delete")
    assert "Delete “" in confirm.text
    home = await browser.submit(confirm.form("delete-form"))
    assert home.path == "/"
    assert "was moved to the trash" in home.text
    back = await browser.submit(home.form("/notes/menu/restore"))
    assert (back.path, back.status) == ("/notes/menu", 200)


async def test_the_trash_lists_and_brings_back(browse, backends):
    browser = browse(ANA)
    assert "The trash is empty" in (await browser.get("/trash")).text
    backends.notes.put("menu", "Menu")
    await browser.submit((await browser.get("/notes/menu/delete")).form("delete-form"))
    trash = await browser.get("/trash")
    assert "Deleted by" in trash.text
    await browser.submit(trash.form("/notes/menu/restore"))
    assert "menu" in backends.notes.notes


async def test_a_day_that_is_full_is_told_where_a_note_was_to_come_back(browse, backends):
    async def refuse(_):
        return problem(429, "quota_spent", limit=2**20)

    backends.notes.put("menu", "Menu")
    backends.notes.restore = refuse
    browser = browse(ANA)
    await browser.submit((await browser.get("/notes/menu/delete")).form("delete-form"))
    told = await browser.submit((await browser.get("/trash")).form("/notes/menu/restore"))
    assert (told.path, "nothing was restored" in told.text) == ("/trash", True)


async def test_deleting_a_note_that_changed_meanwhile_asks_again(browse, backends):
    backends.notes.put("menu", "Menu")
    browser = browse(ANA)
    confirm = await browser.get("/notes/menu/delete")
    backends.notes.put("menu", "Menu", "more", BEN)
    page = await browser.submit(confirm.form("delete-form"))
    assert page.status == 409
    assert "saved a newer version" in page.text
    assert "menu" in backends.notes.notes


async def test_comments_are_said_and_taken_back(browse, backends):
    backends.notes.put("menu", "Menu")
    browser = browse(ANA)
    page = await browser.get("/notes/menu")
    said = await browser.submit(page.form("comment-form"), text="Is there cake?")
    assert "Is there cake?" in said.text
    asked = await browser.get("/notes/menu/comments/1/delete")
    assert ("Is there cake?" in asked.text, "can undo" in asked.text) == (True, True)
    assert len(backends.notes.said["menu"]) == 1
    gone = await browser.submit(asked.form("/comments/1/delete"))
    assert "Is there cake?" not in gone.text
    back = await browser.submit(gone.form("/comments/1/restore"))
    assert "The comment was restored" in back.text
    assert "Is there cake?" in back.text


async def test_a_comment_that_cannot_be_restored_any_more_is_told(browse, backends):
    backends.notes.put("menu", "Menu")
    backends.notes.say("menu", "Is there cake?")
    browser = browse(ANA)
    asked = await browser.get("/notes/menu/comments/1/delete")
    gone = await browser.submit(asked.form("/comments/1/delete"))
    backends.notes.unsaid.clear()
    late = await browser.submit(gone.form("/comments/1/restore"))
    assert "cannot be restored any more" in late.text


async def test_a_comment_that_is_too_long_is_kept_in_its_form(browse, backends):
    backends.notes.put("menu", "Menu")
    browser = browse(ANA)
    page = await browser.get("/notes/menu")
    again = await browser.submit(page.form("comment-form"), text="x" * 4001)
    assert again.status == 422
    assert again.form("comment-form").fields["text"] == "x" * 4001


async def test_only_its_author_or_an_administrator_sees_delete_at_a_comment(browse, backends):
    backends.notes.put("menu", "Menu")
    backends.notes.say("menu", "Mine", ANA)
    shown = 'delete" aria-label="Delete comment">'  # else the link is hidden
    for person, sees in ((ANA, True), (ADA, True), (BEN, False), (None, False)):
        assert (shown in (await browse(person).get("/notes/menu")).text) is sees


async def test_a_reader_is_offered_no_writing(browse, backends):
    backends.notes.put("menu", "Menu")
    page = await browse(EVA).get("/notes/menu")
    assert "/notes/menu/edit" not in page.text
    assert "comment-form" not in page.forms


@pytest.mark.parametrize(
    ("original", "ours"),
    [
        ("/notes/view?key=menu", "/notes/menu"),
        ("/notes/edit?key=menu", "/notes/menu/edit"),
        ("/notes/destroy?key=menu", "/notes/menu/delete"),
        ("/notes/view?key=a%2F%2Fevil.example", "/notes/a%2F%2Fevil.example"),
        ("/notes/view?key=..", "/"),
        ("/notes/view", "/"),
    ],
)
async def test_addresses_of_the_original_lead_to_ours(browse, original, ours):
    response = await browse().client.get(original)
    assert (response.status_code, response.headers["Location"]) == (301, ours)


async def test_the_original_form_saves_a_new_note_and_shows_an_old_one_first(browse, backends):
    browser = browse(ANA)
    form = (await browser.get("/notes/add")).form("edit-form")
    form.action = "/notes/save"
    await browser.submit(form, docreate="create", notekey="menu", title="Menu", body="Soup")
    assert backends.notes.notes["menu"]["body"] == "Soup"
    shown = await browser.submit(form, docreate="", notekey="menu", title="Menu", body="Stew")
    assert backends.notes.notes["menu"]["body"] == "Soup"
    assert shown.form("edit-form").fields["body"] == "Stew"


async def test_a_note_that_never_was_and_one_that_was_deleted_say_so(browse, backends):
    browser = browse(ANA)
    assert (await browser.get("/notes/none")).status == 404
    backends.notes.put("menu", "Menu")
    await browser.submit((await browser.get("/notes/menu/delete")).form("delete-form"))
    gone = await browser.get("/notes/menu")
    assert gone.status == 410
    assert "Restore it" in gone.text
    assert "Ana" in gone.text


async def test_an_error_page_knows_who_is_signed_in(browse):
    page = await browse(ANA).get("/nothing/here")
    assert (page.status, "Log out" in page.text) == (404, True)


async def test_an_answer_nobody_expected_is_an_apology(browse, backends):
    backends.notes.is_away = True
    page = await browse().get("/")
    assert page.status == 503
    assert page.response.headers["Retry-After"] == "5"
    assert "Try again" in page.text


async def test_pages_do_without_the_gateway(browse, backends):
    backends.gateway.is_away = True
    page = await browse().get("/")
    assert page.status == 200
    assert "data-offset" not in page.text


async def test_a_note_is_shown_though_its_list_cannot_be(browse, backends):
    backends.notes.put("menu", "Menu")

    async def away(_):
        return problem(503, "unavailable")

    backends.notes.list = away
    assert (await browse().get("/notes/menu")).status == 200


async def test_a_note_that_is_not_there_leaves_nothing_behind(browse, backends):
    for path in ("/notes/none", "/live/notes/none", "/notes/none/edit", "/notes/n%6fne"):
        assert (await browse().client.get(path)).status_code in (303, 404)
    assert [name for name in backends.gateway.asked_for if name.startswith("notes:")] == []


async def test_islands_get_state_with_the_position_read_before_it(browse, backends):
    backends.notes.put("menu", "Menu")
    client = browse().client
    home = (await client.get("/live/home")).json()
    assert (home["position"], home["notes"][0]["key"]) == ({"offset": 7, "epoch": "e"}, "menu")
    one = (await client.get("/live/notes/menu")).json()
    assert (one["position"]["offset"], one["note"]["title"]) == (7, "Menu")
    assert (await client.get("/live/notes/none")).json()["code"] == "note_not_found"
    backends.gateway.is_away = True
    assert (await client.get("/live/home")).status_code == 503


async def test_the_theme_is_a_cookie_that_the_server_renders(browse):
    browser = browse()
    page = await browser.get("/")
    dark = await browser.submit(page.form("/theme"), theme="dark")
    assert '<html lang="en" data-theme="dark">' in dark.text
    auto = await browser.submit(dark.form("/theme"), theme="auto")
    assert "data-theme" not in auto.text


@pytest.mark.parametrize("status", sorted(set(errors.TEXTS) - {401, 404, 500, 503}))
async def test_every_refusal_says_what_happened_and_what_to_do_next(browse, backends, status):
    async def refuse(_):
        return problem(status, "some_code")

    backends.notes.read = refuse
    page = await browse(ANA).get("/notes/menu")
    headline, advice = errors.TEXTS[status]
    assert page.status == status
    assert headline in page.text
    assert advice in page.text
    assert "Log out" in page.text
    assert 'href="/">All notes' in page.text


async def test_islands_are_told_of_errors_in_json(browse):
    client = browse().client
    answer = await client.get("/nothing", headers={"Accept": "application/json"})
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


async def test_a_body_beyond_every_note_is_refused(browse):
    browser = browse(ANA)
    form = (await browser.get("/notes/add")).form("edit-form")
    page = await browser.submit(form, title="Long", body="x" * 3_000_000)
    assert page.status == 413
    assert "256 KiB" in page.text


@pytest.mark.parametrize("fate", ["deleted", "never there"])
async def test_a_comment_on_a_note_that_is_gone_is_given_back(browse, backends, fate):
    backends.notes.put("menu", "Menu", "", BEN)
    browser = browse(ANA)
    form = (await browser.get("/notes/menu")).form("comment-form")
    note = backends.notes.notes.pop("menu")
    if fate == "deleted":
        by = {"id": BEN["id"], "name": BEN["name"]}
        backends.notes.gone["menu"] = note | {"deletion": {"by": by, "at": NOON.isoformat()}}
    page = await browser.submit(form, text="Is there\ncake?")
    assert page.status in (404, 410)
    assert page.form("resume-form").fields["text"] == "Is there\ncake?"


async def test_a_page_that_does_not_know_says_so_and_one_that_knows_says_that(browse, backends):
    backends.notes.put("menu", "Menu", "Soup", ANA)
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/delete")).form("delete-form")
    edit = (await browser.get("/notes/menu/edit")).form("edit-form")
    backends.notes.is_away = True
    unknown = await browser.submit(form)
    assert (unknown.status, "may or may not have been done" in unknown.text) == (503, True)
    asked = await browser.submit(edit, choice="preview", body="Stew")
    assert "nothing was saved" in asked.text
    assert "may or may not" not in asked.text
    assert asked.form("edit-form").fields["body"] == "Stew"


@pytest.mark.parametrize("version", ["abc", "", "-1", "9" * 5000, "²", "٣"])
async def test_a_version_that_is_none_deletes_nothing_and_is_no_500(browse, backends, version):
    backends.notes.put("menu", "Menu", "Soup", ANA)
    browser = browse(ANA)
    form = (await browser.get("/notes/menu/delete")).form("delete-form")
    page = await browser.submit(form, version=version)
    assert (page.status, "menu" in backends.notes.notes) == (409, True)


@pytest.mark.parametrize(
    ("reason", "words"),
    [("blank", "visible characters"), ("unfit", "one line"), ("too_long", "1 to 200")],
)
async def test_why_a_title_is_none_is_told_and_the_text_stays(browse, backends, reason, words):
    async def refuse(_):
        return problem(422, "invalid_title", reason=reason)

    backends.notes.create = refuse
    browser = browse(ANA)
    form = (await browser.get("/notes/add")).form("edit-form")
    page = await browser.submit(form, title="\u2800", body="Soup and bread", choice="save")
    assert (page.status, words in page.text) == (422, True)
    assert page.form("edit-form").fields["body"] == "Soup and bread"


async def test_a_day_that_is_full_is_told_in_words_and_keeps_what_was_typed(browse, backends):
    async def refuse(_):
        answer = problem(429, "quota_spent", limit=12 * 2**20)
        answer.headers["Retry-After"] = "18000"
        return answer

    backends.notes.put("menu", "Menu", "Soup", ANA)
    backends.notes.create = backends.notes.comment = refuse
    browser = browse(ANA)
    form = (await browser.get("/notes/add")).form("edit-form")
    page = await browser.submit(form, title="Menu", body="Soup and bread", choice="save")
    told = "reached the daily limit of 12 MiB, so nothing was saved"
    assert (page.status, told in page.text) == (429, True)
    assert "save it again in 5 hours" in page.text
    assert page.form("edit-form").fields["body"] == "Soup and bread"
    form = (await browser.get("/notes/menu")).form("/comments")
    page = await browser.submit(form, text="so much to say")
    assert (page.status, told in page.text, "so much to say" in page.text) == (429, True, True)


async def test_a_search_of_more_than_200_characters_is_not_cut_but_refused(browse, backends):
    async def refuse(_):
        return problem(422, "invalid_search")

    backends.notes.list = refuse
    page = await browse().get("/?q=" + "x" * 201)
    assert (page.status, "That search is too long" in page.text) == (422, True)
    assert backends.notes.seen[-1].query_params["q"] == "x" * 201


async def test_a_search_marks_its_hits_shows_the_passage_and_tells_how_many(browse, backends):
    note = backends.notes.put("menu", "Soup & <b>", "Soup", ANA)
    title = [{"text": "Soup", "hit": True}, {"text": " & <b>", "hit": False}]
    passage = [{"text": "…hot ", "hit": False}, {"text": "<soup>", "hit": True}]
    row = {name: value for name, value in note.items() if name not in ("body", "html")}
    row["found"] = {"title": title, "passage": passage}

    async def find(_):
        return JSONResponse({"notes": [row], "next": None, "total": 1001})

    backends.notes.list = find
    page = await browse().get("/?q=soup")
    assert "<mark>Soup</mark> &amp; &lt;b&gt;</span>" in page.text
    assert "…hot <mark>&lt;soup&gt;</mark></span>" in page.text
    assert "more than 1000 notes" in page.text


@pytest.mark.parametrize("path", ["/notes/add", "/notes/menu/edit", "/notes/menu/delete"])
async def test_a_reader_is_told_at_the_door_and_not_at_the_end(browse, backends, path):
    backends.notes.put("menu", "Menu", "", EVA)
    page = await browse(EVA).get(path)
    assert (page.status, "It can read notes, but not write them" in page.text) == (403, True)


async def test_a_reader_without_notes_is_not_asked_to_write_one(browse):
    for path in ("/?mine=1", "/"):
        page = await browse(EVA).get(path)
        assert "/notes/add" not in page.text
        assert "Write" not in page.text


async def test_a_row_says_who_changed_it_when_that_was_not_its_author(browse, backends):
    backends.notes.put("ana", "By Ana alone", "", ANA)
    backends.notes.put("both", "By both", "", ANA)
    backends.notes.put("both", "By both", "Soup", BEN)
    text = (await browse().get("/")).text
    assert text.count('hidden>changed by <span data-field="editor" dir="auto">Ana') == 1
    assert '"edited">changed by <span data-field="editor" dir="auto">Ben' in text


async def test_nobody_is_asked_whether_to_delete_what_somebody_else_said(browse, backends):
    backends.notes.put("menu", "Menu")
    backends.notes.say("menu", "Mine", ANA)
    path = "/notes/menu/comments/1/delete"
    found = [(await browse(each).get(path)).status for each in (ANA, ADA, BEN, EVA)]
    assert found == [200, 200, 403, 403]
