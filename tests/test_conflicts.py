"""Promise: nobody's text is replaced without being told. The conflict, in a real browser."""

import pytest
from browser_pages import OpenWindow, Window
from people import Person
from playwright.sync_api import expect
from text_field import text_field

pytestmark = pytest.mark.browser

THEIRS = "Soup\nBread\n"
MINE = "Soup\nCake\n"


@pytest.fixture
def key(ana: Person) -> str:
    made: str = ana.create("Menu", "Soup\n")["key"]
    return made


@pytest.fixture
def conflict(window: OpenWindow, ana: Person, ben: Person, key: str) -> Window:
    """Ben's window after he saved over a version that Ana had replaced."""
    bens = window(ben)
    bens.go(f"/notes/{key}/edit")
    ana.save(key, version=1, title="Menu", body=THEIRS)
    text_field(bens.page).fill(MINE)
    bens.save()
    return bens


def test_promise_nobodys_text_is_replaced_without_being_told(
    conflict: Window, ana: Person, key: str
) -> None:
    page = conflict.page
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ana saved a newer version")
    expect(page.locator("#theirs")).to_have_text(THEIRS.strip())
    expect(page.locator("#mine")).to_have_value(MINE)
    assert ana.read(key)["body"] == THEIRS


def test_keep_mine_saves_over_the_version_that_was_shown(
    conflict: Window, ana: Person, key: str
) -> None:
    conflict.page.get_by_role("button", name="Keep mine").click()
    conflict.page.wait_for_url(f"**/notes/{key}")
    assert (ana.read(key)["body"], ana.read(key)["version"]) == (MINE, 3)


def test_keep_mine_meets_a_third_version_and_asks_again(
    conflict: Window, ana: Person, key: str
) -> None:
    ana.save(key, version=2, title="Menu", body="Third")
    conflict.page.get_by_role("button", name="Keep mine").click()
    expect(conflict.page.locator("#theirs")).to_have_text("Third")
    expect(conflict.page.locator("#mine")).to_have_value(MINE)


def test_take_theirs_leaves_the_note_as_it_is(conflict: Window, ana: Person, key: str) -> None:
    conflict.page.locator("#take-theirs").click()
    conflict.page.wait_for_url(f"**/notes/{key}")
    assert ana.read(key)["body"] == THEIRS


def test_keep_both_makes_a_second_note(conflict: Window, ana: Person, key: str) -> None:
    with conflict.page.expect_navigation():
        conflict.page.get_by_role("button", name="Keep both").click()
    second = conflict.page.url.rpartition("/")[2]
    assert second != key
    assert (ana.read(key)["body"], ana.read(second)["body"]) == (THEIRS, MINE)


def test_merge_opens_the_editor_with_both_texts(
    conflict: Window, ana: Person, key: str
) -> None:
    conflict.page.get_by_role("button", name="Merge by hand").click()
    expect(conflict.page.locator("#body")).to_have_value("Soup\nBread\nCake\n")
    conflict.save()
    assert ana.read(key)["body"] == "Soup\nBread\nCake\n"


def test_changes_of_different_places_are_merged_by_one_press(
    window: OpenWindow, ana: Person, ben: Person
) -> None:
    base = "Soup\n\nBread\n\nCake\n"
    key = ana.create("Menu", base)["key"]
    bens = window(ben)
    bens.go(f"/notes/{key}/edit")
    ana.save(key, version=1, title="Menu", body=base.replace("Soup", "Stew"))
    text_field(bens.page).fill(base.replace("Cake", "Two cakes"))
    bens.save()
    expect(bens.page.locator("#together .added td")).to_have_text(["Stew", "Two cakes"])
    bens.page.get_by_role("button", name="Merge both").click()
    bens.page.wait_for_url(f"**/notes/{key}")
    assert ana.read(key)["body"] == "Stew\n\nBread\n\nTwo cakes\n"


def test_a_note_deleted_while_somebody_writes_keeps_his_text(
    window: OpenWindow, ana: Person, ben: Person, key: str
) -> None:
    bens = window(ben)
    bens.go(f"/notes/{key}/edit")
    text_field(bens.page).fill(MINE)
    ana.delete(key, version=1)
    bens.save()
    expect(bens.page.locator("#body")).to_have_value(MINE)
    with bens.page.expect_navigation():
        bens.page.get_by_role("button", name="Save as a new note").click()
    assert ana.read(bens.page.url.rpartition("/")[2])["body"] == MINE
