// Fills a comparison of two texts, line by line, from the server's one markup of a line.

import { compare, type Line } from "../core/lines.js";

const SAID: Record<Line["kind"], [mark: string, meaning: string]> = {
  same: ["", "the same"],
  removed: ["−", "taken out"],
  added: ["+", "put in"],
  folded: ["⋯", ""],
};

/** Computed when somebody looks. `texts` are the one before and the one after, title first. */
export function offerComparison(id: string, texts: () => Promise<[string, string]>): void {
  const box = document.getElementById(id) as HTMLDetailsElement | null;
  if (!box) return;
  box.open = false;
  box.ontoggle = () => {
    if (box.open) void texts().then((both) => draw(box, compare(...both)), () => (box.open = false));
  };
}

function draw(box: HTMLElement, lines: Line[]): void {
  box.querySelector("tbody")?.replaceChildren(...lines.map(row));
}

function row({ kind, text }: Line): HTMLElement {
  const template = document.getElementById("line-template") as HTMLTemplateElement;
  const item = (template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement;
  const [mark, meaning] = SAID[kind];
  item.className = kind;
  for (const [field, said] of Object.entries({ mark, meaning, text })) {
    (item.querySelector(`[data-field="${field}"]`) as HTMLElement).textContent = said;
  }
  return item;
}
