"""What a typing person pays: milliseconds a key in a text of 200 KB, by field.

    python tests/bench_typing.py

From the press of a key until the frame that shows it was drawn: the median and the slowest
twentieth of KEYS keys, one at a time, at the end of the text and in its middle. The page is
web's own, with its backends in memory.
"""

import statistics
from pathlib import Path
from sys import path

path.insert(0, str(Path(__file__).parents[1] / "web" / "tests"))

from browser_pages import launch
from browsing import Backends
from fake_backends import ANA
from playwright.sync_api import Page, sync_playwright
from served_web import Served, served
from text_field import plain_field, rich_field

KEYS = 200
KILOBYTES = 200
LINE = "- a *line* of an ordinary note, with a [link](https://example.com) and `code`\n"
MEASURE = """() => {
  window.costs = [];
  addEventListener("keydown", () => {
    const began = performance.now();
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => costs.push(performance.now() - began);
      channel.port2.postMessage(null);
    });
  }, {capture: true});
}"""


def measure(page: Page, place: str) -> list[float]:
    """Milliseconds of each key."""
    page.keyboard.press("Control+End")
    if place == "middle":
        for _ in range(40):
            page.keyboard.press("PageUp")
    page.wait_for_timeout(1_500)
    page.evaluate("window.costs.length = 0")
    for number in range(KEYS):
        page.keyboard.press("abcdefghij"[number % 10])
        page.wait_for_function(f"() => costs.length > {number}")
    costs: list[float] = page.evaluate("window.costs")
    return costs


def main() -> None:
    """Print one line for each field and place."""
    text = (LINE * (KILOBYTES * 1000 // len(LINE) + 1))[: KILOBYTES * 1000]
    with sync_playwright() as playwright:
        browser = launch(playwright)
        backends = Backends()
        with served(backends) as url:
            site = Served(backends, url, browser)
            for name, field in (("plain", plain_field), ("rich", rich_field)):
                backends.notes.put("menu", "Menu", text, ANA)
                page = site.open("/notes/menu/edit", ANA)
                field(page).focus()
                page.evaluate(MEASURE)
                for place in ("end", "middle"):
                    costs = sorted(measure(page, place))
                    slow = costs[int(len(costs) * 0.95)]
                    middle = statistics.median(costs)
                    print(f"{name:5} {place:6} median {middle:5.1f} ms, p95 {slow:5.1f} ms")
                page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
