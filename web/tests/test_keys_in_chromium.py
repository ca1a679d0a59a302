"""Keys and fields as people have them: other layouts, long texts, blocked site data."""

from typing import Any

import pytest
from fake_backends import ANA, BEN
from playwright.sync_api import Page, expect
from served_web import Served
from text_field import text_field

pytestmark = pytest.mark.browser

FAMILY = "👩\u200d👩\u200d👧"
# What a key says with CapsLock, and in other layouts; its place on the keyboard stays.
SAVES = [
    *((key, "KeyS") for key in ("S", "ы", "Ы", "σ", "ד", "س", "ㄴ", "े", "Process")),
    ("s", "KeyO"),
]
NEW = [("N", "KeyN"), ("т", "KeyN"), ("Т", "KeyN"), ("ν", "KeyN"), ("מ", "KeyN"), ("n", "KeyL")]


def press(page: Page, key: str, code: str, **held: bool) -> None:
    """A key as a keyboard of that layout sends it."""
    page.evaluate(
        """([key, code, held]) => document.activeElement.dispatchEvent(new KeyboardEvent(
             "keydown", {key, code, bubbles: true, cancelable: true, ...held}))""",
        [key, code, held],
    )


def editing(site: Served) -> Page:
    site.backends.notes.put("menu", "Menu", "Soup", ANA)
    page = site.open("/notes/menu/edit", ANA)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


def test_ctrl_s_saves_in_every_layout_and_with_capslock(site):
    page = editing(site)
    for version, (key, code) in enumerate(SAVES, start=2):
        text_field(page).fill(f"text {version}")
        press(page, key, code, ctrlKey=True)
        expect(page.locator("#edit-state")).to_contain_text("Saved ")
        assert site.backends.notes.notes["menu"]["version"] == version, (key, code)
    for key, code, held in (
        ("ś", "KeyS", {"ctrlKey": True, "altKey": True}),
        ("o", "KeyS", {"ctrlKey": True}),
        ("S", "KeyS", {"ctrlKey": True, "shiftKey": True}),
    ):
        text_field(page).fill("not to be saved")
        press(page, key, code, **held)
        expect(page.locator("#edit-state")).to_have_text("Unsaved changes")


def test_single_keys_work_in_every_layout_and_with_capslock(site):
    page = site.open("/", ANA)
    page.evaluate(
        """() => { window.pressed = 0;
             const link = document.querySelector('[data-shortcut="n"]');
             link.addEventListener("click", (event) => (event.preventDefault(), pressed++)) }"""
    )
    for count, (key, code) in enumerate(NEW, start=1):
        press(page, key, code)
        assert page.evaluate("pressed") == count, (key, code)
    press(page, "N", "KeyN", shiftKey=True)
    press(page, "т", "KeyN", ctrlKey=True)
    press(page, "л", "KeyK")
    assert page.evaluate("pressed") == len(NEW)


def test_a_title_is_counted_as_the_service_counts_and_nothing_is_cut(site):
    page = editing(site)
    page.locator("#title").fill("🍕" * 200)
    expect(page.locator("#title-count")).to_be_hidden()
    page.keyboard.press("Control+s")
    expect(page.locator("#edit-state")).to_contain_text("Saved ")
    assert site.backends.notes.notes["menu"]["title"] == "🍕" * 200
    page.locator("#title").fill("🍕" * 213)
    told = "At most 200 characters. These are 13 too many."
    expect(page.locator("#title-count")).to_have_text(told)
    page.keyboard.press("Control+s")
    page.locator("[value=save]").click()
    expect(page.locator("#title")).to_have_value("🍕" * 213)
    assert site.backends.notes.notes["menu"]["version"] == 2
    page.locator("#title").fill(FAMILY * 40)
    page.keyboard.press("Control+s")
    expect(page.locator("#edit-state")).to_contain_text("Saved ")
    assert site.backends.notes.notes["menu"]["title"] == FAMILY * 40


def test_a_long_comment_is_refused_with_words_and_not_cut(site):
    site.backends.notes.put("menu", "Menu", "Soup", ANA)
    page = site.open("/notes/menu", ANA)
    page.locator("#text").fill("x" * 4500)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#text-count")).to_have_text(
        "At most 4000 characters. These are 500 too many."
    )
    expect(page.locator("#text")).to_have_value("x" * 4500)
    page.locator("#text").fill("🍕" * 4000)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".comment-text")).to_have_text("🍕" * 4000)


def test_a_text_of_more_than_256_kib_is_refused_before_it_is_sent(site):
    page = editing(site)
    text_field(page).fill("ä" * (128 * 1024 + 1))
    page.locator("[value=save]").click()
    expect(page.locator("#body-count")).to_have_text("At most 256 KiB. This text has 257.")
    assert site.backends.notes.notes["menu"]["version"] == 1


def test_no_field_cuts_what_is_pasted(site):
    page = site.open("/", ANA)
    for path in ("/", "/notes/add", "/account", "/users/signup", "/account/tokens"):
        page.goto(site.url + path)
        assert page.locator("[maxlength]").count() == 0, path


def test_enter_in_the_title_goes_to_the_text_and_makes_nothing(site):
    page = site.open("/notes/add", ANA)
    page.locator("#title").fill("Menu")
    page.keyboard.press("Enter")
    expect(text_field(page)).to_be_focused()
    page.keyboard.type("Soup")
    assert site.backends.notes.notes == {}
    page.locator("[value=save]").click()
    expect(page.locator("#note-body")).to_have_text("Soup")


def test_enter_in_the_title_makes_nothing_where_no_script_runs(site):
    page = site.open("/notes/add", ANA, java_script_enabled=False)
    page.locator("#title").fill("Menu")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("New note")
    expect(page.locator("#title")).to_have_value("Menu")
    assert site.backends.notes.notes == {}


def test_ctrl_s_of_a_new_note_stays_in_the_editor(site):
    notes = site.backends.notes
    page = site.open("/notes/add", ANA)
    page.locator("#title").fill("Menu")
    text_field(page).fill("Soup")
    page.keyboard.press("Control+s")
    expect(page.locator("#edit-state")).to_contain_text("Saved ")
    [key] = notes.notes
    assert page.url == f"{site.url}/notes/{key}/edit"
    expect(text_field(page)).to_be_focused()
    expect(page.locator("h1")).to_have_text("Edit note")
    page.keyboard.type(" and cake")
    page.keyboard.press("Control+s")
    expect(page.locator("#edit-state")).to_contain_text("Saved ")
    assert (len(notes.notes), notes.notes[key]["version"]) == (1, 2)
    assert notes.notes[key]["body"] == "Soup and cake"
    names = page.evaluate("Object.keys(localStorage)")
    assert [name for name in names if name.startswith("notes:draft")] == []
    # Others' saves are told from now on, and a conflict is one.
    notes.put(key, "Menu", "Stew", BEN)
    page.keyboard.type("!")
    page.keyboard.press("Control+s")
    expect(page.locator("#conflict")).to_contain_text("Ben saved a newer version")


@pytest.mark.parametrize("keys", ["Control+Enter", "Meta+Enter"])
def test_ctrl_enter_sends_a_comment(site, keys):
    site.backends.notes.put("menu", "Menu", "Soup", ANA)
    page = site.open("/notes/menu", ANA)
    page.locator("#text").fill("Is there cake?")
    page.keyboard.press(keys)
    expect(page.locator(".comment-text")).to_have_text("Is there cake?")
    expect(page.locator("#text")).to_have_value("")


BLOCKED = """const get = () => { throw new DOMException("denied", "SecurityError") };
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, {get})"""
NULL = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, {value: null})"""
FULL = (
    "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"
)


@pytest.mark.parametrize("script", [BLOCKED, NULL, FULL], ids=["blocked", "null", "full"])
def test_a_browser_that_keeps_nothing_has_every_page_alive(site, script):
    site.backends.notes.put("menu", "Menu", "Soup", ANA)
    page = blind(site, script)
    for path in ("/", "/notes/menu", "/notes/menu/edit", "/account/passkeys", "/trash"):
        page.goto(site.url + path)
        page.locator("[data-action=help]").click()
        expect(page.locator("#help")).to_be_visible()
    page.goto(site.url + "/notes/menu")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    page.locator("#text").fill("Is there cake?")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comment-text")).to_have_text("Is there cake?")
    page.goto(site.url + "/notes/menu/edit")
    text_field(page).fill("Stew")
    expect(page.locator("#edit-state")).to_contain_text("this browser cannot keep it")
    page.keyboard.press("Control+s")
    expect(page.locator("#edit-state")).to_contain_text("Saved ")


def blind(site: Served, script: str, person: dict[str, Any] = ANA) -> Page:
    page = site.open("/users/login", person)
    page.context.add_init_script(script)
    return page
