"""Ctrl+K: a note is opened by a few letters of its title, from wherever one is."""

import pytest
from fake_backends import ANA, BEN
from playwright.sync_api import Page, expect
from served_web import Served

pytestmark = pytest.mark.browser


def asked(site: Served, path: str = "/") -> Page:
    for key, title in (("menu", "Menu"), ("soup", "Soup <b>of</b> the day"), ("talk", "Talk")):
        site.backends.notes.put(key, title, "text", BEN)
    page = site.open(path, ANA)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    return page


def test_a_note_is_opened_by_letters_and_enter(site):
    page = asked(site)
    options = page.get_by_role("option")
    expect(options).to_contain_text(["Talk", "Soup <b>of</b> the day", "Menu"])
    page.keyboard.type("so")
    expect(options).to_contain_text(["Soup <b>of</b> the day", "Search all text for “so”"])
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("combobox")).to_have_attribute(
        "aria-activedescendant", options.first.get_attribute("id") or "none"
    )
    page.keyboard.press("Enter")
    page.wait_for_url("**/notes/soup")


def test_promise_who_types_faster_than_the_answers_opens_what_was_typed(site):
    page = asked(site)
    expect(page.get_by_role("option").first).to_contain_text("Talk")
    held = []
    page.route("**/live/titles?q=menu", lambda route: held.append(route))
    page.keyboard.type("menu")
    page.keyboard.press("Enter")
    while not held:
        page.wait_for_timeout(20)
    assert page.url == site.url + "/"
    for route in held:
        route.continue_()
    page.wait_for_url("**/notes/menu")


def test_arrows_choose_and_what_no_title_has_is_searched_for(site):
    page = asked(site)
    expect(page.get_by_role("option")).to_have_count(3)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Soup")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Menu")
    page.keyboard.type("zzz")
    expect(page.get_by_role("option")).to_contain_text(["Search all text for “zzz”"])
    expect(page.locator("#quick [role=status]")).to_have_text(
        "No title has words that begin like this."
    )
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=zzz")


def test_escape_leads_back_and_a_click_beside_it_too(site):
    page = asked(site, "/notes/menu")
    page.keyboard.press("Escape")
    expect(page.locator("#quick")).to_be_hidden()
    page.get_by_role("button", name="Open a note").click()
    expect(page.get_by_role("combobox")).to_be_focused()
    page.mouse.click(5, 5)
    expect(page.locator("#quick")).to_be_hidden()
    assert page.url.endswith("/notes/menu")


def test_a_service_that_is_away_is_told_and_the_next_letter_asks_again(site):
    page = asked(site)
    expect(page.get_by_role("option")).to_have_count(3)
    site.backends.notes.is_away = True
    page.keyboard.type("m")
    expect(page.locator("#quick [role=status]")).to_contain_text("There was no answer")
    site.backends.notes.is_away = False
    page.keyboard.type("e")
    expect(page.get_by_role("option").first).to_contain_text("Menu")
