// Toasts, and the one status region of the page.

import { Announcer } from "../core/announcer.js";
import { toastItem } from "./fill.js";
import { remember, session } from "./storage.js";

const MOST = 3;
const STAYS_MS = 6_000;
const UNDO_STAYS_MS = 10_000;
const LATER = "notes:toast";

export interface Toast {
  text: string;
  tone?: "info" | "error";
  undo?: string | null;
  /** In place of the key of a note: what Undo does on this page. */
  onUndo?: () => void;
}

const announcer = new Announcer(
  (sentence) => {
    const status = document.getElementById("status");
    if (status) status.textContent = sentence;
  },
  () => performance.now(),
  (work, milliseconds) => setTimeout(work, milliseconds),
);

export const announce = announcer.tell.bind(announcer);

export function toast({ text, tone = "info", undo = null, onUndo }: Toast): HTMLElement {
  const item = toastItem(text, tone, undo);
  if (onUndo) takeBack(item, onUndo);
  const shelf = document.getElementById("toasts");
  shelf?.append(item);
  while (shelf && shelf.children.length > MOST) shelf.firstElementChild?.remove();
  tend(item);
  announce(text, text);
  return item;
}

function takeBack(item: HTMLElement, onUndo: () => void): void {
  const form = item.querySelector<HTMLElement>('[data-field="undo"]');
  if (form) form.hidden = false;
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    item.remove();
    onUndo();
  });
}

/** To be told by the next page. */
export function toastLater(message: Toast): void {
  remember(session, LATER, JSON.stringify(message));
}

/** Toasts that came with the page or from the one before it. */
export function welcomeToasts(): void {
  for (const item of document.querySelectorAll<HTMLElement>("#toasts .toast")) {
    tend(item);
    const text = item.querySelector('[data-field="text"]')?.textContent ?? "";
    announce(text, text);
  }
  const kept = session.getItem(LATER);
  session.removeItem(LATER);
  if (kept) toast(JSON.parse(kept) as Toast);
}

function tend(item: HTMLElement): void {
  item.querySelector('[data-action="dismiss"]')?.addEventListener("click", () => item.remove());
  if (item.dataset["tone"] === "error") return;
  const undo = item.querySelector<HTMLElement>('[data-field="undo"]');
  const stays = undo && !undo.hidden ? UNDO_STAYS_MS : STAYS_MS;
  let timer = setTimeout(() => item.remove(), stays);
  const wait = () => clearTimeout(timer);
  const goOn = () => {
    clearTimeout(timer);
    timer = setTimeout(() => item.remove(), stays);
  };
  for (const name of ["mouseenter", "focusin"]) item.addEventListener(name, wait);
  for (const name of ["mouseleave", "focusout"]) item.addEventListener(name, goOn);
}

/** Tint what somebody else changed, for two seconds. */
export function tint(item: HTMLElement): void {
  item.dataset["changed"] = "";
  setTimeout(() => delete item.dataset["changed"], 2_000);
}

/** Show a notice that the page has ready. */
export function tell(id: string, sentence: string): void {
  const bar = document.getElementById(id);
  const text = bar?.querySelector('[data-field="text"]') ?? bar;
  if (!bar || !text || (text.textContent === sentence && !bar.hidden)) return;
  text.textContent = sentence;
  bar.hidden = false;
  // A text at risk is not summed with other news.
  const status = document.getElementById("status");
  if (status) status.textContent = sentence;
}
