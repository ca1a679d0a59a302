"""Makes the pictures of the README: python tests/screenshots.py

Starts the demo as a stranger would, looks at it with a real browser, and lays three windows
side by side: the list, a note with its comments, and the same note on a phone in the dark.
"""

import base64
import shutil
import tempfile
from pathlib import Path

from browser_pages import Window, launch, open_window
from local_stack import demo
from local_stack.stack import Stack
from playwright.sync_api import Browser, Page, sync_playwright
from text_field import rich_field

IMAGES = Path(__file__).parents[1] / "docs" / "images"
KEPT = ("note-light", "note-dark", "editor-light")  # the others only stand in the joint picture
NOTE = "load-test"
DESK = {"width": 1080, "height": 900}
PHONE = {"width": 390, "height": 830}
WIDE = {"width": 1280, "height": 820}

_FRAMES = """
<!doctype html><meta charset=utf-8><style>
body {{ margin: 0; padding: 56px; width: max-content; display: flex; gap: 36px;
        align-items: center; background: linear-gradient(135deg, #dfeae4, #f3ede0); }}
figure {{ margin: 0; border-radius: 14px; overflow: hidden; background: #fff;
          box-shadow: 0 2px 6px #0002, 0 24px 60px #1c222033; }}
figure::before {{ content: ""; display: block; height: 34px;
  background: radial-gradient(circle at 20px 17px, #b9c2bc 5px, #0000 5.8px),
              radial-gradient(circle at 38px 17px, #b9c2bc 5px, #0000 5.8px),
              radial-gradient(circle at 56px 17px, #b9c2bc 5px, #0000 5.8px), #eceae4; }}
figure.phone {{ border: 10px solid #16191a; border-radius: 44px; background: #16191a; }}
figure.phone::before {{ display: none; }}
img {{ display: block; }}
figure.phone img {{ border-radius: 34px; }}
</style>
<figure><img src="{home}" width=760></figure>
<figure><img src="{note}" width=760></figure>
<figure class=phone><img src="{phone}" width=300></figure>
"""


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="notes-pictures-"))
    data.chmod(0o711)
    try:
        with Stack(data) as stack, sync_playwright() as playwright:
            account, colleague = demo.load(stack)[:2]
            browser = launch(playwright)
            company = _signed_in(browser, stack, colleague, DESK, "light")
            company.watch_note(NOTE)
            for scheme in ("light", "dark"):
                window = _signed_in(browser, stack, account, DESK, scheme)
                window.watch_home()
                _shoot(window.page, data / f"home-{scheme}.png")
                window.watch_note(NOTE)
                window.page.locator("#present").wait_for()
                _shoot(window.page, data / f"note-{scheme}.png")
            _shoot_editor(_signed_in(browser, stack, account, WIDE, "light"), data)
            phone = _signed_in(browser, stack, account, PHONE, "dark")
            phone.watch_note(NOTE)
            phone.page.locator("#present").wait_for()
            _shoot(phone.page, data / "phone-dark.png")
            _side_by_side(browser, data)
            browser.close()
        for name in KEPT:
            shutil.copy(data / f"{name}.png", IMAGES)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _signed_in(
    browser: Browser, stack: Stack, account: demo.Account, size: dict[str, int], scheme: str
) -> Window:
    window = open_window(
        browser, stack.url, viewport=size, color_scheme=scheme, device_scale_factor=2
    )
    window.log_in(account.username, account.password)
    return window


def _shoot_editor(window: Window, data: Path) -> None:
    window.go(f"/notes/{NOTE}/edit")
    rich_field(window.page)
    window.page.locator("#preview-body > *").first.wait_for()
    _shoot(window.page, data / "editor-light.png")


def _shoot(page: Page, path: Path) -> None:
    page.evaluate("document.activeElement?.blur()")
    page.screenshot(path=path)
    print(path.name)


def _side_by_side(browser: Browser, data: Path) -> None:
    page = browser.new_page(viewport={"width": 2100, "height": 760}, device_scale_factor=1)
    names = {"home": "home-light", "note": "note-light", "phone": "phone-dark"}
    urls = {each: _as_url(data / f"{name}.png") for each, name in names.items()}
    page.set_content(_FRAMES.format(**urls))
    page.locator("body").screenshot(path=IMAGES / "three-windows.png")
    print("three-windows.png")


def _as_url(picture: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")


if __name__ == "__main__":
    main()
