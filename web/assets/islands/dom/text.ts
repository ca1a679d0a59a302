// A note's text on its page: it follows what is saved block by block, and has what a reader's hand needs.

import { reuse } from "../core/blocks.js";
import { showContents } from "./contents.js";
import { currentUser } from "./current-user.js";
import { tint } from "./feedback.js";
import { nodesOf } from "./html.js";
import { offerCopy, offerLink } from "./copying.js";
import { isHeld, offerTicks } from "./ticking.js";

/** What the server made of a block, without what this page adds to it. */
const made = new WeakMap<Element, string>();

/** Give the text that came with the page what the server cannot. */
export function welcome(body: HTMLElement): void {
  for (const block of [...body.children] as HTMLElement[]) equip(block);
}

/** Blocks that did not change stay the same nodes: selection, focus and scroll position stay with them. */
export function patch(body: HTMLElement, html: string, marks: boolean): void {
  const next = [...nodesOf(html).children] as HTMLElement[];
  const old = [...body.children] as HTMLElement[];
  const kept = reuse(old.map(plain), next.map(plain));
  const nodes = next.map((block, index) => {
    const from = kept[index];
    return from === null || from === undefined ? equip(block) : (old[from] as HTMLElement);
  });
  const staying = new Set<Element>(nodes);
  for (const child of [...body.childNodes]) if (!staying.has(child as Element)) child.remove();
  let place: ChildNode | null = body.firstChild;
  for (const [index, node] of nodes.entries()) {
    if (node === place) place = place.nextSibling;
    else body.insertBefore(node, place);
    if (marks && !old.includes(node)) tint(node);
    stayInStep(node, next[index] as HTMLElement, marks);
  }
  showContents(body);
}

function plain(block: HTMLElement): string {
  return made.get(block) ?? withoutTicks(block.outerHTML);
}

/** A line more above moves every task below, and changes none; a tick changes its box alone. */
function withoutTicks(html: string): string {
  return html.replace(/<input [^>]*>/g, (box) => box.replace(/ data-line="\d+"| checked=""| aria-label="[^"]*"/g, ""));
}

/** Tasks of a block that stayed are where they are now, and ticked as they are. */
function stayInStep(node: HTMLElement, next: HTMLElement, marks: boolean): void {
  if (node === next || node.contains(next)) return;
  const boxes = node.querySelectorAll<HTMLInputElement>("[data-line]");
  for (const [index, box] of next.querySelectorAll<HTMLInputElement>("[data-line]").entries()) {
    const own = boxes[index];
    if (!own) continue;
    own.dataset["line"] = box.dataset["line"];
    if (own.disabled) own.setAttribute("aria-label", box.getAttribute("aria-label") ?? "");
    if (isHeld(own, box.checked) || own.checked === box.checked) continue;
    own.checked = box.checked;
    const item = own.closest("li");
    if (marks && item) tint(item);
  }
}

/** The block, or what it stands in now. */
function equip(block: HTMLElement): HTMLElement {
  const html = plain(block);
  for (const heading of block.matches(HEADINGS) ? [block] : block.querySelectorAll<HTMLElement>(HEADINGS)) offerLink(heading);
  for (const code of block.querySelectorAll<HTMLElement>("pre")) offerCopy(code);
  if (currentUser.writes) offerTicks(block);
  const shown = block.matches("pre") ? offerCopy(block) : block;
  made.set(shown, html);
  return shown;
}

const HEADINGS = ":is(h1, h2, h3, h4, h5, h6)[id]";
