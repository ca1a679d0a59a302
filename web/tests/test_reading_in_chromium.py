"""Reading a note: copying from it, its table of contents, what stays as it changes."""

from pathlib import Path
from typing import Any

import pytest
from fake_backends import ANA
from looks import PHONE
from playwright.sync_api import expect
from scripted_socket import event
from served_web import ScriptedPage, Served

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"

CODE = (
    '<pre tabindex="0" role="group" aria-label="Code"><code><span class="k">def</span> '
    '<span class="f">f</span>():\n    <span class="k">return</span> <span class="n">1</span>'
    "\n</code></pre>"
)
HEADINGS = [f'<h2 id="h-{name}">{name.title()}</h2>' for name in ("one", "two", "three")]
FOURTH = '<h3 id="h-a-é">A <em>é</em></h3>'
NOTE = "\n".join(
    [
        '<p>Said<sup><a href="#fn-1" id="fn-1-ref" role="doc-noteref" aria-label="Footnote 1"'
        ' rel="noopener nofollow">1</a></sup><br>\nand<br class="hard">\nkept</p>',
        *HEADINGS,
        FOURTH,
        CODE,
        '<section class="footnotes" role="doc-endnotes" aria-label="Footnotes">\n<ol>\n'
        '<li id="fn-1"><p>There <a href="#fn-1-ref" role="doc-backlink"'
        ' aria-label="Back to footnote 1" rel="noopener nofollow">↩</a></p>\n</li>\n</ol>\n'
        "</section>",
    ]
)


def read(site: Served, html: str = NOTE, **options: Any) -> ScriptedPage:
    site.backends.notes.put("menu", "Menu", "x")["html"] = html
    page = site.open("/notes/menu", ANA, **options)
    if options.get("java_script_enabled", True):
        expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    return page


def change(page: ScriptedPage, html: str, version: int = 2) -> None:
    told = {"key": "menu", "title": "Menu", "html": html, "version": version}
    told["updated_at"] = "2026-11-27T12:00:00Z"
    page.script.publish("notes:menu", event("note.updated", note=told))


def test_code_is_copied_with_a_button(site):
    page = read(site, permissions=["clipboard-read", "clipboard-write"])
    copy = page.get_by_role("button", name="Copy code")
    copy.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "def f():\n    return 1"
    expect(copy).to_have_text("Copy")


def test_code_is_copied_where_scripts_have_no_clipboard(site):
    """As on plain http."""
    page = read(site)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Copy code").click()
    expect(page.locator("#status")).to_have_text("Copied.")
    page.locator("#text").focus()
    page.keyboard.press("Control+v")
    expect(page.locator("#text")).to_have_value("def f():\n    return 1")


def test_a_heading_has_a_link_that_is_copied_and_leads_there(site):
    page = read(site, permissions=["clipboard-read", "clipboard-write"])
    heading = page.get_by_role("heading", name="A é", exact=True)
    link = heading.get_by_role("link", name="Link to “A é”")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text("Link copied.")
    address = f"{site.url}/notes/menu#h-a-%C3%A9"
    assert page.evaluate("navigator.clipboard.readText()") == page.url == address
    assert page.evaluate("document.querySelector(':target').id") == "h-a-é"


def test_contents_come_and_go_as_the_note_changes_and_are_the_servers(site):
    page = read(site)
    contents = page.locator("#contents")
    from_server = contents.locator("ol").inner_html()
    change(page, "\n".join(HEADINGS))
    expect(contents).to_be_hidden()
    change(page, NOTE.replace(">One<", ">Uno<"), 3)
    expect(contents).to_be_visible()
    contents.locator("summary").click()
    expect(contents.get_by_role("link")).to_have_text(["Uno", "Two", "Three", "A é"])
    change(page, NOTE, 4)
    expect(contents.get_by_role("link").first).to_have_text("One")
    squeezed = " ".join(from_server.split()).replace("> <", "><")
    assert " ".join(contents.locator("ol").inner_html().split()).strip() in squeezed
    contents.get_by_role("link", name="A é").click()
    assert page.evaluate("document.querySelector(':target').id") == "h-a-é"


def test_what_the_page_added_is_no_change_of_the_text(site):
    page = read(site)
    page.evaluate("window.kept = [...document.querySelectorAll('#note-body > *')]")
    page.evaluate(
        """() => { window.marked = [];
             const texts = (all) => all.map((one) => one.target.textContent);
             new MutationObserver((all) => marked.push(...texts(all)))
               .observe(document.getElementById("note-body"),
                        { subtree: true, attributeFilter: ["data-changed"] }) }"""
    )
    change(page, NOTE + "\n<p>More</p>")
    expect(page.locator("#note-body > p").last).to_have_text("More")
    page.wait_for_function("() => marked.length > 0")
    assert set(page.evaluate("marked")) == {"More"}
    assert page.evaluate("window.kept.every((each) => each.isConnected)")
    expect(page.get_by_role("button", name="Copy code")).to_have_count(1)
    change(page, NOTE.replace("return", "yield"), 3)
    expect(page.locator("#note-body pre")).to_contain_text("yield")
    expect(page.get_by_role("button", name="Copy code")).to_have_count(1)


def test_a_footnote_leads_there_and_back(site):
    page = read(site)
    page.locator("[role=doc-noteref]").click()
    assert page.evaluate("document.querySelector(':target').localName") == "li"
    page.locator("[role=doc-backlink]").click()
    assert page.evaluate("document.querySelector(':target').id") == "fn-1-ref"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_code_contents_and_footnotes(site, scheme):
    coloured = "".join(f'<span class="{kind}">word</span> ' for kind in "cdefiknst")
    code = CODE.replace("<code>", f"<code>{coloured}")
    page = read(site, NOTE.replace(CODE, code), color_scheme=scheme, viewport=PHONE)
    page.locator("#contents summary").click()
    page.locator("#note-body pre").hover()
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run()).violations")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_without_a_script_contents_work_and_nothing_is_offered_that_would_not(site):
    page = read(site, java_script_enabled=False)
    page.locator("#contents summary").click()
    page.get_by_role("link", name="Three").click()
    assert page.url.endswith("#h-three")
    expect(page.get_by_role("button", name="Copy code")).to_have_count(0)


def test_paper_has_all_of_it_and_no_buttons(site):
    long = CODE.replace("return", "return " + "very_long_name " * 40)
    page = read(site, NOTE.replace(CODE, long), viewport=PHONE)
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Copy code")).to_be_hidden()
    expect(page.locator("#contents")).to_be_hidden()
    expect(page.locator(".footnotes")).to_be_visible()
    expect(page.locator("[role=doc-backlink]")).to_be_hidden()
    assert page.locator("#note-body pre").evaluate("it => it.scrollWidth <= it.clientWidth")


def test_lines_are_joined_where_the_site_says_so(site):
    page = read(site)
    lines = "() => document.querySelector('#note-body p').getClientRects()[0].height"
    three = page.evaluate(lines)
    page.evaluate("document.body.dataset.lines = 'joined'")
    assert page.evaluate(lines) == pytest.approx(three * 2 / 3)
