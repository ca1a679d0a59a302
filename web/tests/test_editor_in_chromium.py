"""The rich field, in which a note is written: what it does, and what it may not take away."""

from pathlib import Path
from typing import Any

import pytest
from accessible_tree import tree
from fake_backends import ANA
from looks import DESKTOP, PHONE, looks
from playwright.sync_api import Page, Route, ViewportSize, expect
from served_web import ScriptedPage, Served
from text_field import RICH, plain_field, rich_field, text_field

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
SCRIPT = "**/assets/rich-field-*.js"


def editing(site: Served, body: str = "Soup", **options: Any) -> ScriptedPage:
    site.backends.notes.put("menu", "Menu", body, ANA)
    return site.open("/notes/menu/edit", ANA, **options)


def text_of(page: Page) -> str:
    """What is shown, after checking that the form has it, and its field soon after."""
    text = "\n".join(page.locator(f"{RICH} .cm-line").all_text_contents())
    sent = page.evaluate("new FormData(document.getElementById('edit-form')).get('body')")
    assert sent.replace("\r\n", "\n") == text
    assert page.evaluate("document.getElementById('body').value") == text
    expect(page.locator("#body")).to_have_value(text)
    return text


def paste(page: Page, text: str) -> None:
    rich_field(page).evaluate(
        """(field, text) => { const clipboardData = new DataTransfer();
             clipboardData.setData("text/plain", text);
             field.dispatchEvent(new ClipboardEvent("paste",
               {clipboardData, bubbles: true, cancelable: true})) }""",
        text,
    )


def test_the_rich_field_takes_over_with_text_caret_and_focus(site):
    held: list[Route] = []
    site.backends.notes.put("menu", "Menu", "Soup", ANA)
    page = site.open("/", ANA)
    page.route(SCRIPT, lambda route: held.append(route))
    page.goto(site.url + "/notes/menu/edit")
    page.locator("#body").fill("Soup cake")
    page.keyboard.press("Control+Home")
    for _ in "Soup":
        page.keyboard.press("ArrowRight")
    page.keyboard.type(" and")
    assert page.locator("#edit-form[data-field]").count() == 0
    while not held:
        page.wait_for_timeout(10)
    held[0].continue_()
    expect(rich_field(page)).to_be_focused()
    page.keyboard.type(" more")
    assert text_of(page) == "Soup and more cake"
    page.locator("[value=save]").click()
    expect(page.locator("#note-body")).to_have_text("Soup and more cake")


def test_where_the_rich_field_cannot_be_loaded_the_plain_one_does_all_of_it(site):
    site.backends.notes.put("menu", "Menu", "Soup", ANA)
    page = site.open("/", ANA)
    page.route(SCRIPT, lambda route: route.abort())
    page.goto(site.url + "/notes/menu/edit")
    page.locator("#edit-form[data-field=plain]").wait_for()
    page.locator("#body").fill("Stew")
    page.keyboard.press("Control+s")
    expect(page.locator("#edit-state")).to_contain_text("Saved ")
    assert site.backends.notes.notes["menu"]["body"] == "Stew"


def test_lists_go_on_and_end_and_tab_leaves_the_text_all_the_same(site):
    page = editing(site, "- one")
    rich_field(page).press("Control+End")
    for key in ("Enter", "t", "w", "o", "Enter", "Tab", "i", "n", "Enter", "Enter", "Enter"):
        page.keyboard.press(key)
    page.keyboard.type("after")
    assert text_of(page) == "- one\n- two\n  - in\nafter"
    page.keyboard.press("Tab")  # outside a list
    expect(page.locator("[data-action=markdown-help]")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(rich_field(page)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+Tab")  # takes the item out
    assert text_of(page) == "- one\n- two\n- in\nafter"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.locator("[data-action=markdown-help]")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+z")
    assert text_of(page) == "- one\n- two\n  - in\nafter"


def test_keys_mark_words_in_every_layout_and_letters_are_no_commands(site):
    page = editing(site)
    rich_field(page).press("Control+a")
    keys = page.context.new_cdp_session(page)
    # Russian: the key of B says "и".
    pressed = {"key": "и", "code": "KeyB", "windowsVirtualKeyCode": 66, "modifiers": 2}
    keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown"} | pressed)  # type: ignore[arg-type]
    keys.send("Input.dispatchKeyEvent", {"type": "keyUp"} | pressed)  # type: ignore[arg-type]
    assert text_of(page) == "**Soup**"
    page.keyboard.press("Control+i")
    page.keyboard.press("Control+b")
    assert text_of(page) == "*Soup*"
    page.keyboard.press("Control+k")
    page.keyboard.type("example.com")
    assert text_of(page) == "*[Soup](example.com)*"
    page.keyboard.press("Control+End")
    page.keyboard.type(" n/?e")
    assert text_of(page) == "*[Soup](example.com)* n/?e"
    assert page.url.endswith("/edit")
    expect(page.locator("#help")).to_be_hidden()


def test_what_is_pasted_has_line_feeds_and_an_address_makes_words_a_link(site):
    page = editing(site, "Soup\r\n\r\nBread")
    rich_field(page).press("Control+End")
    paste(page, "\r\nCake\rand\ttea\r\n")
    assert text_of(page) == "Soup\n\nBread\nCake\nand\ttea\n"
    page.keyboard.press("Control+Home")
    page.keyboard.press("Shift+End")
    paste(page, "https://example.com/soup")
    assert text_of(page).startswith("[Soup](https://example.com/soup)\n")
    page.keyboard.press("Control+s")
    expect(page.locator("#edit-state")).to_contain_text("Saved ")
    body = site.backends.notes.notes["menu"]["body"]
    assert body == "[Soup](https://example.com/soup)\n\nBread\nCake\nand\ttea\n"


def test_what_is_typed_over_marked_words_has_no_inline_style(site):
    page = editing(site, "# Soup\n\n- **bread**\n- `x`")
    rich_field(page).press("Control+a")
    page.keyboard.type("# Stew")  # a report of the content policy fails the test
    assert text_of(page) == "# Stew"
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+End")
    page.keyboard.press("Shift+Home")
    page.keyboard.type("y")
    assert text_of(page) == "# Soup\n\n- **bread**\ny"
    # Of a long text only a part is drawn; all of it is selected.
    rich_field(page).fill("# Soup\n" * 2_000)
    page.keyboard.press("Control+a")
    page.keyboard.type("x")
    assert text_of(page) == "x"


def test_a_method_of_input_composes_and_each_line_has_its_own_direction(site):
    page = editing(site, "- one\n\nשלום\n\nword")
    rich_field(page).press("Control+End")
    keys = page.context.new_cdp_session(page)
    for text in ("に", "にほ", "日本"):
        start = len(text)
        shown = {"text": text, "selectionStart": start, "selectionEnd": start}
        keys.send("Input.imeSetComposition", shown)
    assert text_of(page).endswith("word日本")
    keys.send("Input.insertText", {"text": "日本語"})
    assert text_of(page) == "- one\n\nשלום\n\nword日本語"
    lines = page.locator(f"{RICH} .cm-line")
    directions = lines.evaluate_all("all => all.map(each => getComputedStyle(each).direction)")
    assert [directions[number] for number in (0, 2, 4)] == ["ltr", "rtl", "ltr"]
    expect(page.locator("#word-count")).to_have_text("6 words")


def test_promise_while_the_text_is_on_its_way_no_key_changes_it(site):
    page = editing(site, "- one\n- two")
    field = rich_field(page)
    field.press("Control+End")
    page.keyboard.type("!")
    asked: list[Route] = []
    is_held = True

    def answer(route: Route) -> None:
        asked.append(route)
        if not is_held:
            route.continue_()

    page.route("**/notes/menu/edit", answer)
    page.locator("[value=save]").click()
    expect(page.locator("#body[readonly]")).to_be_attached()
    for key in ("Enter", "Control+b", "Control+i", "Control+e", "Control+k", "Control+z", "x"):
        field.press(key)
    expect(field).to_be_focused()
    assert text_of(page) == "- one\n- two!"
    page.keyboard.press("Tab")  # leaves the text, as it does outside lists
    expect(field).not_to_be_focused()
    page.keyboard.press("Shift+Tab")
    assert text_of(page) == "- one\n- two!"
    is_held = False
    for route in list(asked):
        route.continue_()
    expect(page.locator("#note-body")).to_contain_text("two!")
    assert site.backends.notes.notes["menu"]["body"] == "- one\n- two!"


def test_an_extension_that_put_nothing_into_the_text_area_takes_nothing_away(site):
    page = editing(site)
    rich_field(page).press("Control+End")
    # It reports at once, before the text area has what was typed.
    page.evaluate(
        """const area = document.getElementById("body");
           const report = () => area.dispatchEvent(new Event("input", {bubbles: true}));
           area.addEventListener("input", () => queueMicrotask(report), {once: true})"""
    )
    page.keyboard.type("!")
    assert text_of(page) == "Soup!"
    # What it does put there is taken.
    page.evaluate(
        """const area = document.getElementById("body");
           const {prototype} = HTMLTextAreaElement;
           const native = Object.getOwnPropertyDescriptor(prototype, "value");
           native.set.call(area, "Stew!");
           area.dispatchEvent(new Event("input", {bubbles: true}))"""
    )
    assert text_of(page) == "Stew!"


def test_words_are_found_and_replaced(site):
    page = editing(site, "Soup, soup and SOUP\n\nno cake")
    rich_field(page).press("Control+f")
    expect(page.locator("#find-words")).to_be_focused()
    page.keyboard.type("soup")
    expect(page.locator("#find-count")).to_have_text("3 found")
    page.keyboard.press("Enter")
    expect(page.locator("#find-count")).to_have_text("1 of 3")
    page.get_by_label("Match case").check()
    expect(page.locator("#find-count")).to_have_text("1 found")
    page.get_by_label("Match case").uncheck()
    page.locator("#find-instead").fill("stew")
    page.get_by_role("button", name="Replace all").click()
    assert text_of(page) == "stew, stew and stew\n\nno cake"
    page.locator("#find-words").press("Escape")
    expect(rich_field(page)).to_be_focused()
    page.keyboard.press("Control+z")
    assert text_of(page) == "Soup, soup and SOUP\n\nno cake"
    # What was looked for is no part of the note's form.
    page.locator("[value=save]").click()
    expect(page.locator("#note-body")).to_contain_text("SOUP")


def test_who_prefers_the_plain_field_gets_it_and_keeps_it(site):
    page = editing(site)
    field = plain_field(page)
    expect(field).to_be_visible()
    expect(page.get_by_role("toolbar")).to_be_hidden()
    field.fill("Stew")
    page.keyboard.press("Control+s")
    expect(page.locator("#edit-state")).to_contain_text("Saved ")
    page.reload()
    page.locator("#edit-form[data-field=plain]").wait_for()
    expect(page.locator("#body")).to_have_value("Stew")
    page.locator("#plain-text").uncheck()
    rich_field(page).press("Control+End")
    page.keyboard.type("!")
    assert text_of(page) == "Stew!"


def test_a_finger_gets_the_plain_field_until_it_asks_for_the_other(site):
    page = editing(site, has_touch=True, is_mobile=True, viewport=PHONE)
    page.locator("#edit-form[data-field=plain]").wait_for()
    expect(page.locator("#body")).to_be_visible()
    page.locator("#plain-text").uncheck()
    expect(rich_field(page)).to_be_visible()


def test_a_text_that_is_too_long_is_told_at_the_field_and_not_sent(site):
    page = editing(site)
    rich_field(page).fill("x" * (256 * 1024 + 1))
    expect(page.locator("#body-count")).to_be_visible()
    page.locator("[value=save]").click()
    expect(rich_field(page)).to_be_focused()
    expect(rich_field(page)).to_have_attribute("aria-invalid", "true")
    [field] = [node for node in tree(page) if node.role == "textbox" and node.name == "Text"]
    assert field.description.startswith("At most 256 KiB.")
    assert site.backends.notes.notes["menu"]["version"] == 1


@pytest.mark.parametrize("field", ["plain", "rich"])
def test_a_text_that_is_too_long_is_told_from_behind_the_preview_too(site, field):
    page = editing(site, viewport={"width": 820, "height": 1100})
    text = plain_field(page) if field == "plain" else rich_field(page)
    text.fill("x" * (256 * 1024 + 1))
    page.get_by_role("tab", name="Preview").click()
    expect(text).to_be_hidden()
    page.locator("[value=save]").click()
    expect(text).to_be_focused()
    expect(page.get_by_role("tab", name="Write")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#body-count")).to_be_visible()


@looks(DESKTOP, PHONE)
def test_the_editor_is_heard_seen_and_used_by_the_keyboard(
    site: Served, size: ViewportSize, scheme: str
) -> None:
    page = editing(
        site, "# Soup\n\n- **good** `x`\n\n> said", viewport=size, color_scheme=scheme
    )
    field = rich_field(page)
    expect(field).to_have_attribute("spellcheck", "true")
    page.locator("label[for=body]").click()
    expect(field).to_be_focused()
    nodes = tree(page)
    [text] = [node for node in nodes if node.role == "textbox" and node.name == "Text"]
    assert "Escape, then Tab leaves the text" in text.description
    assert text.properties["multiline"]
    buttons = page.get_by_role("toolbar", name="Formatting").get_by_role("button")
    buttons.first.focus()
    page.keyboard.press("ArrowRight")
    expect(buttons.nth(1)).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Find", exact=True)).to_be_focused()
    page.keyboard.type("o")
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run()).violations")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Markdown help").click()
    expect(page.get_by_role("dialog", name="Markdown")).to_be_visible()
    found += page.evaluate("async () => (await axe.run()).violations")
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_a_draft_is_put_into_the_rich_field_and_can_be_undone(site):
    page = editing(site)
    text_field(page).fill("Soup and cake")
    page.wait_for_function(
        "() => Object.keys(localStorage).some(each => each.includes('draft'))"
    )
    page.close()
    again = page.context.new_page()
    again.goto(site.url + "/notes/menu/edit")
    rich_field(again)
    again.locator("[data-action=restore-draft]").click()
    expect(rich_field(again)).to_be_focused()
    assert text_of(again) == "Soup and cake"
    again.keyboard.press("Control+z")
    assert text_of(again) == "Soup"
