"""A page as a screen reader gets it: Chromium's tree of roles and names, and rules for it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page

CONTROLS = {
    "button", "checkbox", "combobox", "link", "listbox", "menuitem", "option", "radio",
    "searchbox", "slider", "spinbutton", "switch", "tab", "textbox",
}  # fmt: skip
LANDMARKS = {"banner", "complementary", "contentinfo", "main", "navigation", "region", "search"}
ONCE = ("banner", "main", "contentinfo")
# Said by a screen reader that jumps from link to link, such a name tells nothing.
VAGUE = {"click here", "here", "more", "read more", "link", "button", "ok", "submit", "go"}


@dataclass(frozen=True)
class Node:
    role: str
    name: str
    description: str
    properties: dict[str, Any] = field(hash=False)


def tree(page: Page) -> list[Node]:
    """What is there for a screen reader, in its reading order."""
    devtools = page.context.new_cdp_session(page)
    try:
        found = devtools.send("Accessibility.getFullAXTree")["nodes"]
    finally:
        devtools.detach()
    nodes = {each["nodeId"]: each for each in found}
    return list(_read(nodes, found[0]))


def _read(nodes: dict[str, Any], node: dict[str, Any]) -> Iterator[Node]:
    if not node["ignored"]:
        facts = {
            each["name"]: each["value"].get("value") for each in node.get("properties", [])
        }
        yield Node(
            role=_value(node, "role"),
            name=_value(node, "name"),
            description=_value(node, "description"),
            properties=facts,
        )
    for child in node.get("childIds", []):
        if child in nodes:
            yield from _read(nodes, nodes[child])


def _value(node: dict[str, Any], name: str) -> str:
    return str(node.get(name, {}).get("value", "")).strip()


def faults(nodes: list[Node]) -> list[str]:
    """What a person who hears this page would miss."""
    return [*_headings(nodes), *_landmarks(nodes), *_controls(nodes)]


def _headings(nodes: list[Node]) -> Iterator[str]:
    levels = [int(node.properties["level"]) for node in nodes if node.role == "heading"]
    if levels.count(1) != 1:
        yield f"{levels.count(1)} headings of the first level"
    for before, after in pairwise(levels):
        if after > before + 1:
            yield f"a heading of level {after} after one of level {before}"
    if any(node.role == "heading" and not node.name for node in nodes):
        yield "a heading without words"


def _landmarks(nodes: list[Node]) -> Iterator[str]:
    marks = Counter((node.role, node.name) for node in nodes if node.role in LANDMARKS)
    for role in ONCE:
        number = sum(count for (each, _), count in marks.items() if each == role)
        if number != 1:
            yield f"{number} landmarks {role}"
    for (role, name), count in marks.items():
        if count > 1:
            yield f"{count} landmarks {role} named {name!r}"
        if role in ("navigation", "region") and not name:
            yield f"a landmark {role} without a name"
    if not any(role == "navigation" for role, _ in marks):
        yield "no navigation"


def _controls(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if node.role in CONTROLS and node.role != "option":
            if not node.name:
                yield f"a {node.role} without a name"
            if node.name.lower().rstrip(".…") in VAGUE:
                yield f"a {node.role} that is named {node.name!r}"
            if node.properties.get("invalid") == "true" and not node.description:
                yield f"{node.name!r} is wrong, and nothing says why"
        if node.role in ("image", "img") and not node.name:
            yield "a picture that is neither described nor left out"
    buttons = Counter(node.name for node in nodes if node.role == "button")
    yield from (f"{count} buttons {name!r}" for name, count in buttons.items() if count > 1)


FOCUSED = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  const look = getComputedStyle(at);
  const all = [...document.querySelectorAll("*")];
  return {
    place: at === document.body ? -1 : all.indexOf(at),
    html: at.outerHTML.slice(0, 120),
    shown: box.width > 0 && box.height > 0 && box.right > 0 && box.left < innerWidth,
    marked: look.outlineStyle !== "none" || look.boxShadow !== "none",
  };
}"""
FOCUSABLE = """() => [...document.querySelectorAll(
  "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
  .filter((each) => !each.disabled && each.checkVisibility({visibilityProperty: true}))
  .filter((each) => each.tabIndex >= 0 && (each.type !== "radio" || each.checked))
  .map((each) => [...document.querySelectorAll("*")].indexOf(each))"""


def focus_faults(page: Page) -> list[str]:
    """What is wrong with the way that Tab takes through the page."""
    page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges()")
    page.evaluate("scrollTo(0, 0)")
    wanted = page.evaluate(FOCUSABLE)
    page.locator("body").evaluate("each => { each.tabIndex = -1; each.focus(); }")
    page.locator("body").evaluate("each => each.removeAttribute('tabindex')")
    found, told = [], []
    for _ in range(len(wanted)):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        found.append(at["place"])
        if not (at["shown"] and at["marked"]):
            told.append(f"cannot be seen where the focus is: {at['html']}")
    if found != sorted(found):
        told.append(f"the focus jumps about: {found}")
    if set(found) != set(wanted):
        told.append(f"Tab reaches {found}, not {wanted}")
    return told
