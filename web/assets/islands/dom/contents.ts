// The table of contents, as the server's text/outline.py makes it, after the note has changed.

import { contentsItem } from "./fill.js";

const FEWEST = 4;
const MOST = 200;

export function showContents(body: HTMLElement): void {
  const contents = document.getElementById("contents");
  const list = contents?.querySelector("ol");
  if (!contents || !list) return;
  const found = [...body.querySelectorAll<HTMLElement>(":is(h1, h2, h3, h4, h5, h6)[id]")];
  const shown = found.length < FEWEST ? [] : found.slice(0, MOST);
  const highest = Math.min(...shown.map(level));
  const items = shown.map((each) =>
    contentsItem(each.id, level(each) - highest + 1, (each.textContent ?? "").trim().replace(/\s+/g, " ")),
  );
  contents.hidden = shown.length === 0;
  // What did not change keeps the focus.
  if (items.map((each) => each.outerHTML).join() !== [...list.children].map((each) => each.outerHTML).join()) {
    list.replaceChildren(...items);
  }
}

function level(heading: HTMLElement): number {
  return Number(heading.localName.slice(1));
}
