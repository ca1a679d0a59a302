"""Everything but liveness works without JavaScript: every form, from sign-up to log-out."""

import secrets

import pytest
from browser_pages import OpenWindow, Window
from people import Person
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PASSWORD = "nine red apples"


@pytest.fixture
def plain(window: OpenWindow) -> Window:
    """A browser without scripts, and nobody signed in."""
    return window(java_script_enabled=False)


@pytest.fixture
def signed_in(window: OpenWindow, ben: Person) -> Window:
    return window(ben, java_script_enabled=False)


def test_somebody_signs_up_logs_out_and_logs_in_again(plain: Window) -> None:
    name = f"carl-{secrets.token_hex(4)}"
    plain.sign_up(name, PASSWORD, "Carl")
    expect(plain.page.locator(".who-name")).to_have_text("Carl")
    plain.log_out()
    expect(plain.page.get_by_role("link", name="Log in", exact=True)).to_be_visible()
    plain.log_in(name, PASSWORD)
    expect(plain.page.locator(".who-name")).to_have_text("Carl")


def test_a_wrong_password_and_an_unknown_name_get_the_same_message(
    plain: Window, ben: Person
) -> None:
    for name in (ben.username, "nobody-has-this-name"):
        plain.log_in(name, "not the password")
        expect(plain.page.locator("#errors")).to_contain_text("Incorrect user name or password")
        expect(plain.page.locator("#username")).to_have_value(name)


def test_logging_in_leads_back_to_where_one_was(plain: Window, ben: Person) -> None:
    plain.go("/notes/add")
    plain.page.fill("#username", ben.username)
    plain.page.fill("#password", ben.password)
    plain.page.click("#login-form button.primary")
    expect(plain.page.locator("h1")).to_have_text("New note")


def test_a_note_is_written_changed_deleted_and_brought_back(signed_in: Window) -> None:
    key = signed_in.write("Menu", "Soup and **bread**", key=f"menu-{secrets.token_hex(3)}")
    expect(signed_in.body.locator("strong")).to_have_text("bread")

    signed_in.edit(key, title="Menu for Monday")
    expect(signed_in.title).to_have_text("Menu for Monday")

    signed_in.go(f"/notes/{key}/delete")
    signed_in.page.get_by_role("button", name="Delete", exact=True).click()
    expect(signed_in.toasts).to_contain_text("moved to the trash")
    assert signed_in.go(f"/notes/{key}").locator("h1").inner_text().startswith("This note was")

    signed_in.go("/trash")
    row = signed_in.page.locator(f'#trash [data-key="{key}"]')
    row.get_by_role("button", name="Restore").click()
    expect(signed_in.title).to_have_text("Menu for Monday")


def test_undo_brings_a_deleted_note_back(signed_in: Window, ben: Person) -> None:
    key = ben.create("Menu")["key"]
    signed_in.go(f"/notes/{key}/delete")
    signed_in.page.get_by_role("button", name="Delete", exact=True).click()
    signed_in.page.get_by_role("button", name="Undo").click()
    expect(signed_in.title).to_have_text("Menu")


def test_a_form_that_is_refused_keeps_what_was_typed(signed_in: Window, ben: Person) -> None:
    taken = ben.create("Menu")["key"]
    signed_in.write("Another", "Long thoughts", key=taken)
    expect(signed_in.page.locator("#key-error")).to_contain_text("already")
    expect(signed_in.page.locator("#body")).to_have_value("Long thoughts")


@pytest.mark.parametrize("choice", ["Keep mine", "Keep both", "Merge by hand", "Take theirs"])
def test_the_conflict_page_keeps_both_texts_and_each_choice_works(
    signed_in: Window, ana: Person, choice: str
) -> None:
    key = ana.create("Menu", "Soup\n")["key"]
    signed_in.go(f"/notes/{key}/edit")
    ana.save(key, version=1, title="Menu", body="Bread\n")
    signed_in.page.fill("#body", "Cake\n")
    signed_in.save()
    page = signed_in.page
    expect(page.locator("#theirs")).to_have_text("Bread")
    expect(page.locator("#mine")).to_have_value("Cake\n")

    with page.expect_navigation():
        page.locator(".choices > *", has_text=choice).click()

    if choice == "Merge by hand":
        expect(page.locator("#body")).to_have_value("Bread\nCake\n")
        signed_in.save()
    bodies = {"Keep mine": "Cake\n", "Merge by hand": "Bread\nCake\n"}
    assert ana.read(key)["body"] == bodies.get(choice, "Bread\n")
    if choice == "Keep both":
        assert ana.read(page.url.rpartition("/")[2])["body"] == "Cake\n"


def test_a_comment_is_said_and_taken_back(signed_in: Window, ana: Person) -> None:
    key = ana.create("Menu")["key"]
    signed_in.go(f"/notes/{key}")
    signed_in.say("Is there\ncake?")
    expect(signed_in.comments).to_have_text(["Is there cake?"])
    signed_in.delete_comment("cake")
    expect(signed_in.comments).to_have_count(0)


def test_search_finds_a_note_and_says_when_there_is_none(plain: Window, ana: Person) -> None:
    word = f"rhubarb{secrets.token_hex(3)}"
    key = ana.create("Pie", f"needs {word}")["key"]
    plain.go("/")
    plain.page.fill("#q", word)
    plain.page.press("#q", "Enter")
    expect(plain.row_title(key)).to_have_text("Pie")
    plain.page.fill("#q", f"{word}x{secrets.token_hex(8)}")
    plain.page.press("#q", "Enter")
    expect(plain.page.locator("#empty")).to_contain_text("Nothing matches")


def test_preview_shows_the_text_and_keeps_the_form(signed_in: Window) -> None:
    signed_in.go("/notes/add")
    signed_in.page.fill("#title", "Menu")
    signed_in.page.fill("#body", "*Soup*")
    signed_in.page.click("#preview-button")
    expect(signed_in.page.locator("#preview-body em")).to_have_text("Soup")
    expect(signed_in.page.locator("#body")).to_have_value("*Soup*")


def test_the_theme_is_chosen_by_a_form_and_kept(plain: Window) -> None:
    plain.go("/")
    plain.page.locator(".themes").get_by_role("button", name="Dark").click()
    expect(plain.page.locator("html")).to_have_attribute("data-theme", "dark")
    plain.go("/users/login")
    expect(plain.page.locator("html")).to_have_attribute("data-theme", "dark")
