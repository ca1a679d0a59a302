"""The preview while one writes: beside the text or behind a tab, one request at a time."""

from pathlib import Path
from typing import Any

import pytest
from fake_backends import ANA
from playwright.sync_api import Page, Route, expect
from served_web import ScriptedPage, Served
from text_field import rich_field, text_field

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
TABLET = {"width": 820, "height": 1100}


def editing(site: Served, body: str = "Soup", **options: Any) -> ScriptedPage:
    site.backends.notes.put("menu", "Menu", body, ANA)
    return site.open("/notes/menu/edit", ANA, **options)


def violations(page: Page) -> list[Any]:
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run()).violations")
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found]


def test_the_preview_follows_beside_the_text_and_can_be_hidden(site):
    page = editing(site)
    shown = page.locator("#preview-body")
    expect(shown).to_have_text("Soup")
    text_field(page).fill("Stew")
    expect(shown).to_have_text("Stew")
    [left, right] = [page.locator(name).bounding_box() for name in ("#edit-form", "#preview")]
    assert left
    assert right
    assert left["x"] + left["width"] <= right["x"]
    assert violations(page) == []
    page.get_by_role("button", name="Hide").click()
    expect(shown).to_be_hidden()
    page.reload()
    rich_field(page).fill("Stew and cake")
    expect(shown).to_be_hidden()
    page.get_by_role("button", name="Preview").click()
    expect(shown).to_have_text("Stew and cake")


def test_below_1000_pixels_the_preview_is_behind_a_tab(site):
    page = editing(site, viewport=TABLET)
    [write, preview] = page.get_by_role("tab").all()
    rich_field(page).fill("Stew")
    expect(page.locator("#preview")).to_be_hidden()
    write.focus()
    page.keyboard.press("ArrowRight")
    expect(preview).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Preview")).to_contain_text("Stew")
    expect(rich_field(page)).to_be_hidden()
    assert violations(page) == []
    write.click()
    expect(page.get_by_role("tabpanel", name="Write")).to_be_visible()
    expect(page.locator("#preview")).to_be_hidden()
    # The button below the text leads there, too.
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("tabpanel", name="Preview")).to_be_visible()
    page.set_viewport_size({"width": 1300, "height": 900})
    expect(rich_field(page)).to_be_visible()
    expect(page.locator("#preview-body")).to_have_text("Stew")


def test_promise_one_preview_is_asked_for_at_a_time_and_the_last_text_is_shown(site):
    page = editing(site)
    expect(page.locator("#preview-body")).to_have_text("Soup")
    asked: list[Route] = []
    is_held = True

    def answer(route: Route) -> None:
        asked.append(route)
        if not is_held:
            route.continue_()

    page.route("**/notes/menu/edit", answer)
    field = rich_field(page)
    field.press("Control+End")
    page.keyboard.type("!")
    while not asked:
        page.wait_for_timeout(10)
    for _ in range(3):
        page.keyboard.type("?")
        page.wait_for_timeout(600)  # longer than a pause of the preview
    assert len(asked) == 1
    is_held = False
    asked[0].continue_()
    expect(page.locator("#preview-body")).to_have_text("Soup!???")


def test_a_preview_that_fails_is_told_and_tried_again(site):
    page = editing(site)
    expect(page.locator("#preview-body")).to_have_text("Soup")
    asked: list[Route] = []
    is_held = True

    def answer(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            route.abort()
        elif not is_held:
            route.continue_()

    page.route("**/notes/menu/edit", answer)
    rich_field(page).fill("Stew")
    expect(page.locator("#preview-told")).to_have_text("The preview is unavailable just now.")
    expect(page.locator("#preview-body")).to_have_text("Soup")
    while len(asked) < 2:
        page.wait_for_timeout(10)
    is_held = False
    for route in asked[1:]:
        route.continue_()
    expect(page.locator("#preview-body")).to_have_text("Stew")
    expect(page.locator("#preview-told")).to_have_text("")


@pytest.mark.parametrize("status", [401, 422])
def test_a_preview_that_is_refused_is_not_asked_for_again_until_the_text_changes(site, status):
    page = editing(site)
    expect(page.locator("#preview-body")).to_have_text("Soup")
    page.clock.install()
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.post_data or "")
        if "Stew" in asked[-1]:
            route.fulfill(status=status, json={"code": "refused"})
        else:
            route.continue_()

    page.route("**/notes/menu/edit", answer)
    rich_field(page).fill("Stew")
    page.clock.run_for(1_000)
    expect(page.locator("#preview-told")).to_have_text("The preview is unavailable just now.")
    page.clock.run_for(10_000)  # the first pause after a failure is two seconds
    assert len(asked) == 1
    rich_field(page).fill("Cake")
    expect(page.locator("#preview-body")).to_have_text("Cake")
    expect(page.locator("#preview-told")).to_have_text("")


def test_a_preview_in_a_window_that_nobody_sees_waits(site):
    page = editing(site)
    expect(page.locator("#preview-body")).to_have_text("Soup")
    page.clock.install()
    page.evaluate(
        """Object.defineProperty(document, "hidden", {configurable: true, get: () => true});
           document.dispatchEvent(new Event("visibilitychange"))"""
    )
    asked: list[Route] = []

    def answer(route: Route) -> None:
        asked.append(route)
        route.continue_()

    page.route("**/notes/menu/edit", answer)
    text_field(page).fill("Stew")
    page.clock.run_for(10_000)
    assert asked == []
    page.evaluate(
        """delete document.hidden;
           document.dispatchEvent(new Event("visibilitychange"))"""
    )
    expect(page.locator("#preview-body")).to_have_text("Stew")


@pytest.mark.parametrize("broken", ["nothing", "full"])
def test_the_preview_can_be_hidden_where_the_browser_keeps_nothing(site, broken):
    site.backends.notes.put("menu", "Menu", "Soup", ANA)
    page = site.open("/", ANA)
    page.add_init_script(BROKEN[broken])
    page.goto(site.url + "/notes/menu/edit")
    shown = page.locator("#preview-body")
    expect(shown).to_have_text("Soup")
    page.get_by_role("button", name="Hide").click()
    expect(shown).to_be_hidden()
    page.get_by_role("button", name="Preview").click()
    expect(shown).to_be_visible()


BROKEN = {
    "nothing": """Object.defineProperty(window, "localStorage",
                    {get() { throw new DOMException("", "SecurityError") }})""",
    "full": """Storage.prototype.setItem =
                 () => { throw new DOMException("", "QuotaExceededError") }""",
}


AT_TOP = """() => {
  const edge = document.querySelector(".tools").getBoundingClientRect().bottom;
  const pane = document.querySelector(".preview-head").getBoundingClientRect().bottom;
  // Nothing, until what came into sight is drawn.
  const first = (all, top) =>
    all.find((each) => each.getBoundingClientRect().bottom > top + 1)?.textContent ?? "0";
  const lines = document.getElementById("body-view").shadowRoot.querySelectorAll(".cm-line");
  const written = first([...lines].filter((each) => each.textContent), edge);
  const shown = first([...document.querySelectorAll("#preview-body > *")], pane);
  const number = (text) => Number(/[0-9]+/.exec(text)[0]);
  return [number(written), number(shown)];
}"""


def test_the_preview_scrolls_in_step_with_the_text(site):
    blocks = [f"Paragraph {number} of many." for number in range(150)]
    html = "".join(f"<p>{each}</p>" for each in blocks)

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(json={"html": html})
        else:
            route.continue_()

    site.backends.notes.put("menu", "Menu", "\n\n".join(blocks), ANA)
    page = site.open("/", ANA)
    page.route("**/notes/menu/edit", answer)
    # Slow enough to scroll before all of the text is parsed.
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(site.url + "/notes/menu/edit")
    rich_field(page)
    expect(page.locator("#preview-body p")).to_have_count(150)
    for share in (0.3, 0.6, 0.2):
        page.evaluate(
            "share => scrollTo(0, share * document.documentElement.scrollHeight)", share
        )
        in_step = (
            f"() => {{ const [a, b] = ({AT_TOP})(); return a > 10 && Math.abs(a - b) <= 1 }}"
        )
        page.wait_for_function(in_step)
