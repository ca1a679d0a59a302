"""Looks at pages as axe does, and keeps pictures of them for people who want to look too."""

import json
import os
from pathlib import Path

from browser_pages import Window

AXE = Path(__file__).parents[1] / "web" / "node_modules" / "axe-core" / "axe.min.js"


class Reader:
    """Goes through pages and collects what is found.

    NOTES_PICTURES names a folder for a picture of each, whose name begins with `prefix`.
    """

    def __init__(self, window: Window, prefix: str = "") -> None:
        self.window = window
        self._prefix = prefix
        self._axe = AXE.read_text()
        self.found: list[str] = []

    def check(self, name: str) -> None:
        page = self.window.page
        page.evaluate(self._axe)
        violations = page.evaluate("async () => (await axe.run()).violations")
        for violation in violations:
            nodes = [node["html"][:160] for node in violation["nodes"][:3]]
            self.found.append(f"{name}: {violation['id']} {json.dumps(nodes)}")
        sideways = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if sideways:
            self.found.append(f"{name}: scrolls sideways")
        if folder := os.environ.get("NOTES_PICTURES"):
            page.screenshot(path=Path(folder) / f"{self._prefix}{name}.png", full_page=True)

    def check_path(self, path: str) -> None:
        self.window.go(path)
        self.check(path.strip("/").replace("/", "-"))
