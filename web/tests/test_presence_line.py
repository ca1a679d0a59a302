"""Who else has the note open: faces and names beside it, a notice where two write."""

from pathlib import Path

import pytest
from fake_backends import ANA
from looks import DESKTOP, PHONE
from playwright.sync_api import expect
from served_web import Served

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"


def here(site: Served, *names: str, guests: int = 0, writing: tuple[str, ...] = ()) -> None:
    """These people, and Ana herself, have the note open."""

    def client(name: str) -> dict[str, object]:
        return {"user": f"{name.lower()}-id", "conn_info": {"name": name}}

    everybody = [client(name) for name in ("Ana", *names)] + [{"user": ""}] * guests
    site.backends.gateway.present = {
        "notes:menu": everybody,
        "writing:menu": [client(name) for name in writing],
    }


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_faces_open_to_names_by_keyboard_alone(site, size):
    site.backends.notes.put("menu", "Menu", "Soup")
    here(site, "Ben Okafor", "Cleo", guests=2, writing=("Cleo",))
    page = site.open("/notes/menu", ANA, viewport=size)
    line = page.locator("#present")
    expect(line.locator("[data-field=text]")).to_have_text(
        "Cleo is writing, Ben Okafor and 2 guests are here"
    )
    expect(line.locator(".faces .avatar")).to_have_text(["C", "BO"])
    line.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(line.locator("li").first).to_have_text("C Cleo is writing", use_inner_text=True)
    expect(line.locator("[data-field=rest]")).to_have_text("2 guests are here")
    page.evaluate(AXE.read_text())
    assert page.evaluate("async () => (await axe.run()).violations") == []
    page.keyboard.press("Escape")
    expect(line.locator("ul")).to_be_hidden()
    assert page.url.endswith("/notes/menu")


def test_nobody_else_is_nothing_to_tell(site):
    site.backends.notes.put("menu", "Menu", "Soup")
    here(site)
    page = site.open("/notes/menu", ANA)
    with page.expect_response("**/present"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#present")).to_be_hidden()


def test_a_crowd_is_eight_faces_and_a_number(site):
    site.backends.notes.put("menu", "Menu", "Soup")
    here(site, *(f"P{number:02}" for number in range(30)))
    page = site.open("/notes/menu", ANA)
    expect(page.locator("#present .faces .avatar")).to_have_count(8)
    expect(page.locator("#present [data-field=text]")).to_have_text(
        "P00, P01, and 28 others are here"
    )


def test_nothing_moves_when_somebody_comes(site):
    site.backends.notes.put("menu", "Menu", "Soup")
    here(site)
    page = site.open("/notes/menu", ANA)
    before = page.locator("#note-title").bounding_box()
    here(site, "Ben")
    while not page.locator("#present").is_visible():  # what is shared is two seconds old
        with page.expect_response("**/present"):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert page.locator("#note-title").bounding_box() == before


def test_a_writer_is_told_of_another_one_and_is_seen_as_one(site):
    site.backends.notes.put("menu", "Menu", "Soup")
    here(site, "Ben", writing=("Ben",))
    page = site.open("/notes/menu/edit", ANA)
    expect(page.locator("#writers")).to_contain_text("Ben is writing in this note too")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    joined = {asked["channel"] for asked in page.script.subscribed}
    assert joined == {"notes:menu", "writing:menu"}


def test_guests_ask_nothing(site):
    site.backends.notes.put("menu", "Menu", "Soup")
    here(site, "Ben")
    page = site.open("/notes/menu")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    asked = [request.url.path for request in site.backends.gateway.seen]
    assert "/api/presence" not in asked
    assert page.locator("#present").count() == 0
