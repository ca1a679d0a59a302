"""No page has an axe violation: light and dark, on a desk and on a phone."""

import pytest
from browser_pages import OpenWindow
from looks import DESKTOP, PHONE, looks
from page_reader import Reader
from people import Person
from playwright.sync_api import ViewportSize
from text_field import text_field

pytestmark = pytest.mark.browser

TEXT = "# Soup\n\n- with *bread*\n- and [butter](https://example.com)\n\n> nice\n\n`code`\n"
TABLE = (
    "\n| What | Where | How much of it |\n|---|---|---|\n| Flour | Supermarket | Kilograms |\n"
)


@looks(DESKTOP, PHONE)
def test_no_page_has_an_accessibility_violation(
    window: OpenWindow, ana: Person, ben: Person, size: ViewportSize, scheme: str
) -> None:
    key = ana.create("Menu for Monday", TEXT + TABLE)["key"]
    for text in ("Is there cake?", "There is."):
        ben.comment(key, text)
    menu = ana.create("Versions", TEXT)["key"]
    ben.save(menu, version=1, title="Two versions", body=TEXT.replace("bread", "cake") + "More")
    trashed = ben.create("Old")["key"]
    ben.delete(trashed, version=1)
    bens = window(ben, viewport=size, color_scheme=scheme)
    reader = Reader(bens)

    bens.watch_home()
    reader.check("home, live")
    bens.watch_note(key)
    reader.check("note, live")
    for path in (
        "/notes/add",
        f"/notes/{key}/edit",
        f"/notes/{key}/delete",
        "/trash",
        "/?mine=1",
        "/?q=no-note-has-this-word",
        "/notes/nothing-here",
        f"/notes/{trashed}",
    ):
        reader.check_path(path)

    bens.go(f"/notes/{key}/edit")
    ana.save(key, version=1, title="Menu for Monday", body=TEXT + "\nTheirs\n")
    text_field(bens.page).fill(TEXT + "\nMine\n")
    bens.save()
    reader.check("conflict")

    bens.go(f"/notes/{key}/edit")
    text_field(bens.page).fill("Mine")
    ana.delete(key, version=2)
    bens.save()
    reader.check("deleted while writing")

    bens.go(f"/notes/{menu}/history")
    bens.page.wait_for_selector("#connection[data-state=live]")
    reader.check("history, live")
    reader.check_path(f"/notes/{menu}/history/2")
    reader.check_path(f"/notes/{menu}/history/1?with=2")

    guest = Reader(window(viewport=size, color_scheme=scheme))
    guest.window.log_in("nobody-has-this-name", "wrong")
    guest.check("login, refused")
    guest.window.sign_up(ben.username, "short")
    guest.check("sign-up, refused")
    assert reader.found + guest.found == []
