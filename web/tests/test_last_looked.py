"""Promise: what changed since a person looked is marked on all their devices, and leads to
exactly that comparison; reading a page writes nothing.
"""

import re

import pytest
from fake_backends import ANA, BEN, EVA
from playwright.sync_api import expect
from scripted_socket import event
from starlette.responses import Response


@pytest.fixture
def notes(backends):
    backends.notes.put("menu", "Menu", "Soup")
    backends.notes.put("menu", "Menu", "Soup\nBread")
    backends.notes.put("menu", "Menu", "Soup\nBread\nCake", BEN)
    return backends.notes


async def look(browser, version, key="menu"):
    form = (await browser.get(f"/notes/{key}/history/1")).form("logout")
    form.action = f"/notes/{key}/looked"
    return await browser.submit(form, version=str(version))


async def test_promise_another_device_knows_what_one_looked_at(browse, notes):
    assert (await look(browse(ANA), 1)).status == 204
    page = await browse(ANA).get("/notes/menu")
    assert 'id="note-news" class="changed">Changed since you looked' in page.text
    assert 'href="/notes/menu/history/3?with=1">compare' in page.text
    listed = await browse(ANA).get("/")
    assert re.search(r'data-key="menu"[^>]* data-looked="1" data-news=""', listed.text)
    assert '<span class="visually-hidden" data-field="news">' in listed.text


async def test_promise_reading_writes_nothing(browse, notes):
    browser = browse(ANA)
    for path in ("/", "/notes/menu", "/notes/menu/history", "/live/home", "/live/notes/menu"):
        await browser.get(path)
    assert notes.looked == {}


async def test_what_one_looked_at_or_changed_oneself_is_no_news(browse, notes):
    await look(browse(ANA), 3)
    await look(browse(BEN), 1)
    for person in (ANA, BEN, EVA, None):
        for path in ("/notes/menu", "/"):
            page = await browse(person).get(path)
            assert "data-news" not in page.text
            assert 'id="note-news" class="changed">' not in page.text


async def test_a_version_that_is_no_number_is_refused(browse, notes):
    for version in ("", "x", "0"):
        assert (await look(browse(ANA), version)).status == 422
    assert notes.looked == {}


async def test_strangers_tell_nothing(browse, notes):
    browser = browse()
    token = re.search(r'name="form-token" content="([^"]+)"', (await browser.get("/")).text)
    assert token
    sent = await browser.client.post(
        "/notes/menu/looked",
        data={"csrf": token[1], "version": "1"},
        headers=browser.headers | {"Accept": "application/json"},
    )
    assert sent.status_code == 401
    assert notes.looked == {}


def saved(site, body):
    note = site.backends.notes.put("menu", "Menu", body, BEN)
    return {name: note[name] for name in ("key", "title", "html", "version", "updated_at")}


def live(page):
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


async def away(_):
    return Response(status_code=503)


@pytest.mark.browser
def test_a_note_that_is_in_view_is_told_once_a_minute(site):
    notes = site.backends.notes
    saved(site, "Soup")
    page = live(site.open("/", ANA))
    with page.expect_response("**/notes/menu/looked") as answer:
        page.goto(f"{site.url}/notes/menu")
    assert answer.value.status == 204
    assert notes.looked == {("ana-id", "menu"): 1}
    page.reload()
    live(page)
    asked = [each for each in notes.seen if each.url.path.endswith("/looked")]
    assert len(asked) == 1


@pytest.mark.browser
def test_what_was_seen_to_come_in_is_told_when_the_page_is_left(site):
    notes = site.backends.notes
    saved(site, "Soup")
    page = live(site.open("/", ANA))
    with page.expect_response("**/notes/menu/looked"):
        page.goto(f"{site.url}/notes/menu")
    live(page)
    page.script.publish("notes:menu", event("note.updated", note=saved(site, "Soup\nBread")))
    expect(page.locator("#note-edited")).to_contain_text("changed by Ben")
    page.goto(site.url)
    live(page)
    while notes.looked != {("ana-id", "menu"): 2}:
        page.wait_for_timeout(20)
    asked = [each for each in notes.seen if each.url.path.endswith("/looked")]
    assert len(asked) == 2


@pytest.mark.browser
def test_promise_the_list_of_another_device_marks_it_live_and_the_note_leads_there(site):
    notes = site.backends.notes
    saved(site, "Soup")
    notes.looked["ana-id", "menu"] = 1
    page = live(site.open("/", ANA))
    expect(page.locator("#notes .row[data-news]")).to_have_count(0)
    note = notes.put("menu", "Menu", "Soup\nBread", BEN)
    row = {name: value for name, value in note.items() if name not in ("body", "html")}
    page.script.publish("home", event("note.updated", note=row))
    expect(page.locator("#notes .row[data-news]")).to_have_count(1)
    with page.expect_response("**/notes/menu/looked"):
        page.locator("#notes .row-link").click()
    live(page)
    page.locator("#note-news").get_by_role("link", name="compare").click()
    expect(page.locator("#diff-title")).to_have_text("From version 1 to version 2")
    # It was looked at: neither this device nor another one marks it any more.
    page.goto(site.url)
    live(page)
    expect(page.locator("#notes .row[data-news]")).to_have_count(0)
    assert notes.looked == {("ana-id", "menu"): 2}


@pytest.mark.browser
def test_promise_a_change_that_was_watched_on_this_device_is_no_news(site, monkeypatch):
    notes = site.backends.notes
    saved(site, "Soup")
    notes.looked["ana-id", "menu"] = 1
    page = live(site.open("/notes/menu", ANA))
    monkeypatch.setattr(notes, "look", away)
    page.script.publish("notes:menu", event("note.updated", note=saved(site, "Soup\nBread")))
    expect(page.locator("#note-edited")).to_contain_text("changed by Ben")
    page.goto(f"{site.url}/")
    live(page)
    # The server does not know it yet, and says so on every page; this device knows.
    page.goto(f"{site.url}/notes/menu")
    live(page)
    expect(page.locator("#note-body")).to_contain_text("Bread")
    expect(page.locator("#note-news")).to_be_hidden()
    assert notes.looked == {("ana-id", "menu"): 1}


@pytest.mark.browser
def test_a_browser_that_keeps_nothing_shows_what_the_server_knows(site):
    saved(site, "Soup")
    saved(site, "Soup\nBread")
    site.backends.notes.looked["ana-id", "menu"] = 1
    page = site.open("/trash", ANA)
    page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full') }")
    page.goto(f"{site.url}/notes/menu")
    live(page)
    news = page.locator("#note-news")
    expect(news).to_be_visible()
    link = news.get_by_role("link", name="compare")
    expect(link).to_have_attribute("href", "/notes/menu/history/2?with=1")


@pytest.mark.browser
def test_a_strangers_device_knows_by_itself(site):
    saved(site, "Soup")
    page = live(site.open("/notes/menu"))
    expect(page.locator("#note-news")).to_be_hidden()
    saved(site, "Soup\nBread")
    page.reload()
    news = page.locator("#note-news")
    expect(news).to_be_visible()
    link = news.get_by_role("link", name="compare")
    expect(link).to_have_attribute("href", "/notes/menu/history/2?with=1")
    assert site.backends.notes.looked == {}
