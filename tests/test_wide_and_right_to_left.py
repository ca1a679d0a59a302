"""What is wider than its place, and what is written from right to left: screen and paper."""

import re
from typing import Any

import pytest
from browser_pages import OpenWindow, Window
from page_reader import Reader
from people import Person

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 800}
COLUMNS = 9
WIDE = (
    "Some words\n\n|"
    + "|".join(f" Supermarket{n} " for n in range(COLUMNS))
    + "|\n|"
    + "---|" * COLUMNS
    + "\n|"
    + "|".join(f" Kilograms{n} " for n in range(COLUMNS))
    + "|\n\n```\n"
    + "a line that is far longer than a telephone is wide " * 4
    + "\n```\n"
)
MIXED = (
    "Left to right\n\nשלום עולם\n\n- ראשון\n- שני second\n\n> ציטוט\n\n"
    "- English\n- with עברית\n\n| ימין | שמאל |\n|---|---|\n| א | ב |\n"
)
SCROLLERS = ("Table", "Code")


@pytest.fixture
def phone(window: OpenWindow, ana: Person) -> Window:
    return window(ana, viewport=PHONE)


def _scroller(phone: Window, name: str, place: str = "#note-body") -> Any:
    return phone.page.locator(f"{place} [role=group][aria-label={name}]")


@pytest.mark.parametrize("name", SCROLLERS)
def test_what_is_too_wide_scrolls_in_its_place_by_the_keyboard(
    phone: Window, ana: Person, name: str
) -> None:
    phone.watch_note(ana.create("Wide", WIDE)["key"])
    found = _scroller(phone, name)
    assert found.evaluate("it => it.scrollWidth > it.clientWidth")
    found.focus()
    phone.page.keyboard.press("ArrowRight")
    phone.page.wait_for_function("() => document.activeElement.scrollLeft > 0")
    phone.page.keyboard.press("Tab")
    assert not found.evaluate("it => it === document.activeElement")


def test_axe_finds_nothing_on_a_wide_note_in_its_preview_and_after_a_live_change(
    phone: Window, ana: Person, ben: Person
) -> None:
    key = ana.create("Narrow", "narrow")["key"]
    reader = Reader(phone)
    phone.watch_note(key)
    ben.save(key, version=1, title="Wide", body=WIDE)
    for name in SCROLLERS:
        _scroller(phone, name).wait_for()
    reader.check("wide note, live")
    phone.go(f"/notes/{key}/edit")
    phone.page.get_by_role("button", name="Preview").click()
    for name in SCROLLERS:
        _scroller(phone, name, "#preview-body").wait_for()
    reader.check("wide preview")
    assert reader.found == []


def test_each_block_has_its_own_direction(phone: Window, ana: Person) -> None:
    phone.watch_note(ana.create("Mixed", MIXED)["key"])
    blocks = phone.page.locator("#note-body > *")
    directions = blocks.evaluate_all("all => all.map(it => getComputedStyle(it).direction)")
    assert directions == ["ltr", "rtl", "rtl", "rtl", "ltr", "rtl"]


def test_bullets_and_bars_stand_where_their_block_begins(phone: Window, ana: Person) -> None:
    phone.watch_note(ana.create("Mixed", MIXED)["key"])
    sides = phone.page.locator("#note-body > :is(ul, blockquote)").evaluate_all(
        """all => all.map(it => {
          const { paddingLeft, paddingRight, borderLeftWidth, borderRightWidth } = getComputedStyle(it);
          const wide = (left, right) => parseFloat(left) > parseFloat(right) ? "left" : "right";
          return it.tagName === "UL" ? wide(paddingLeft, paddingRight) : wide(borderLeftWidth, borderRightWidth);
        })"""  # noqa: E501 - a script
    )
    assert sides == ["right", "right", "left"]


def test_print_cuts_nothing_off(phone: Window, ana: Person) -> None:
    phone.watch_note(ana.create("Wide", WIDE + MIXED)["key"])
    phone.page.emulate_media(media="print")
    phone.page.set_viewport_size({"width": 700, "height": 1000})  # A4 between its margins
    cut = phone.page.locator("#note-body *").evaluate_all(
        """all => all
          .filter(it => it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 0
            || it.getBoundingClientRect().right > innerWidth)
          .map(it => it.outerHTML.slice(0, 80))"""
    )
    assert cut == []


def test_a_column_is_aligned_as_it_is_written(phone: Window, ana: Person) -> None:
    phone.watch_note(ana.create("Aligned", "|a|b|c|\n|:-|:-:|-:|\n|1|2|3|\n")["key"])
    found = phone.page.locator("#note-body td").evaluate_all(
        "all => all.map(it => getComputedStyle(it).textAlign)"
    )
    assert found == ["left", "center", "right"]


def test_paper_is_white_in_the_dark_theme_too(window: OpenWindow, ana: Person) -> None:
    dark = window(ana, color_scheme="dark")
    dark.watch_note(ana.create("Printed", "words")["key"])
    for theme in ("auto", "dark"):
        dark.page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        dark.page.emulate_media(media="print", color_scheme="dark")
        ink = dark.page.locator("#note-body").evaluate("it => getComputedStyle(it).color")
        paper = dark.page.locator("body").evaluate("it => getComputedStyle(it).backgroundColor")
        assert max(map(int, re.findall(r"\d+", ink))) < 128, theme
        assert paper == "rgba(0, 0, 0, 0)", theme
        dark.page.emulate_media(media="screen")


def test_what_was_looked_for_is_in_sight(phone: Window, ana: Person) -> None:
    body = "Some words that stand in front of it on the same line, before the needle comes."
    key = ana.create("A haystack", body)["key"]
    phone.go("/?q=needle")
    mark = phone.row(key).locator("mark").bounding_box()
    row = phone.row(key).bounding_box()
    assert mark is not None
    assert row is not None
    assert mark["x"] + mark["width"] <= row["x"] + row["width"]
    assert mark["y"] + mark["height"] <= row["y"] + row["height"]


@pytest.mark.parametrize("width", [720, 820, 959, 960, 1099, 1100])
def test_the_head_of_a_page_is_one_row(window: OpenWindow, ana: Person, width: int) -> None:
    tablet = window(ana, viewport={"width": width, "height": 900})
    tablet.watch_home()
    tops = tablet.page.locator(".bar :is(.brand, .search, .account)").evaluate_all(
        "all => all.map(it => Math.round(it.getBoundingClientRect().top))"
    )
    assert len(set(tops)) == 1, tops
