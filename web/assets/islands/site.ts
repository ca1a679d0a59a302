// On every page: times in the reader's words, toasts, the keyboard, small conveniences of forms.

import { Drafts } from "./core/drafts.js";
import { isQuickOpen, single } from "./core/keys.js";
import { countAll } from "./dom/counting.js";
import { toast, welcomeToasts } from "./dom/feedback.js";
import { guardForms, guardLinks } from "./dom/connectivity.js";
import { currentUser } from "./dom/current-user.js";
import { local, names, remember, session } from "./dom/storage.js";
import { clarifyAll } from "./dom/times.js";
import { ears } from "./dom/typing.js";
import { askBeforeLogout, keepChangedComment, showKeptComment } from "./unsaved.js";

clarifyAll();
setInterval(clarifyAll, 30_000);
welcomeToasts();
dropSaved();
keepScroll();
takeCode();
countAll();
showKeptComment();
keepChangedComment();
guardForms(isLost, () => toast({ text: "The server cannot be reached, so nothing was sent. Try again.", tone: "error" }));
guardLinks(isLost, () => toast({ text: "The server cannot be reached. This page stays as it is.", tone: "error" }));

document.querySelector<HTMLElement>("[data-focus]")?.focus();

document.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLElement>("[data-action]");
  if (button?.dataset["action"] === "help") help()?.showModal();
  if (button?.dataset["action"] === "quick-open") void quickOpen();
  if (button?.dataset["action"] === "markdown-help") dialog("markdown-help")?.showModal();
  if (button?.dataset["action"] === "show-password") showPassword(button);
  if (button?.dataset["action"] === "copy-value") void copyValue(button);
});

// Where Clear-Site-Data is not obeyed (plain http), what is kept here goes all the same, once the page is left.
const logout = document.getElementById("logout") as HTMLFormElement | null;
if (logout) askBeforeLogout(logout);
logout?.addEventListener("submit", () => addEventListener("pagehide", forget));
logout?.addEventListener("unsent", () => removeEventListener("pagehide", forget));

function forget(): void {
  const personal = names(local).filter((name) => /^notes:(draft|looked)/.test(name));
  for (const name of personal) local.removeItem(name);
}

const SWITCH = "notes:shortcuts";
const switched = document.getElementById("shortcuts-on") as HTMLInputElement | null;
if (switched) {
  switched.checked = local.getItem(SWITCH) !== "off";
  switched.addEventListener("change", () => remember(local, SWITCH, switched.checked ? "on" : "off"));
}

const listening = ears();
document.addEventListener("keydown", (event) => {
  if (event.key === "F6") {
    const shelf = document.getElementById("toasts");
    (shelf?.querySelector<HTMLElement>("button:not([hidden])") ?? shelf)?.focus();
    event.preventDefault();
    return;
  }
  if (isQuickOpen(event) && !event.defaultPrevented && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    void quickOpen();
    return;
  }
  const typing = (event.target as Element).closest("input, textarea, select, dialog, [contenteditable], [data-typing]");
  const key = event.isComposing ? "" : single(event);
  if (typing || key === "" || switched?.checked === false) return;
  if (listening.hears(performance.now()) && act(key)) event.preventDefault();
});

function act(key: string): boolean {
  const target = document.querySelector<HTMLElement>(`[data-shortcut="${CSS.escape(key)}"]`);
  if (key === "/") document.getElementById("q")?.focus();
  else if (key === "?") help()?.showModal();
  else if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
  else if (target instanceof HTMLAnchorElement) target.click();
  else if (target) target.focus();
  else return false;
  return true;
}

function step(by: number): void {
  const links = [...document.querySelectorAll<HTMLElement>("#notes .row-link")];
  const now = links.findIndex((link) => link === document.activeElement || link.hasAttribute("aria-current"));
  const focused = links.findIndex((link) => link === document.activeElement);
  const start = focused >= 0 ? focused : now;
  links[Math.min(links.length - 1, Math.max(0, start + by))]?.focus();
}

async function quickOpen(): Promise<void> {
  try {
    (await import("./quick-open.js")).show();
  } catch {
    toast({ text: "This cannot be loaded just now. Try again, or load the page anew.", tone: "error" });
  }
}

function help(): HTMLDialogElement | null {
  return dialog("help");
}

function dialog(id: string): HTMLDialogElement | null {
  return document.getElementById(id) as HTMLDialogElement | null;
}

function controlled(button: HTMLElement): HTMLInputElement {
  return document.getElementById(button.getAttribute("aria-controls") ?? "") as HTMLInputElement;
}

async function copyValue(button: HTMLElement): Promise<void> {
  const input = controlled(button);
  try {
    await navigator.clipboard.writeText(input.value);
    button.textContent = "Copied";
  } catch {
    // Plain http has no clipboard for scripts: the person's own copy key does it.
    input.select();
  }
}

/** A one-time code stands behind the # of its link, where no server sees it; it leaves the address at once. */
function takeCode(): void {
  const field = document.querySelector<HTMLInputElement>("[data-from-link]");
  const code = new URLSearchParams(location.hash.slice(1)).get(field?.name ?? "");
  if (!field || !code) return;
  field.value = code;
  history.replaceState(history.state, "", location.pathname + location.search);
}

/** The page before told that this text is saved: its copy on the device goes. */
function dropSaved(): void {
  const saved = document.getElementById("toasts")?.dataset["saved"];
  if (saved) new Drafts(local, currentUser.id).dropEverywhere(saved);
}

function isLost(): boolean {
  const shown = document.getElementById("connection")?.dataset["state"];
  return shown === "reconnecting" || shown === "offline";
}

function showPassword(button: HTMLElement): void {
  const input = controlled(button);
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  // What follows the word says which password, for those who hear it.
  if (button.firstChild) button.firstChild.nodeValue = shown ? "Hide" : "Show";
}

/** The list stays where it was when the reader goes from note to note. */
function keepScroll(): void {
  const list = document.querySelector<HTMLElement>('[data-scroller="list"]');
  if (!list || location.search) return;
  list.scrollTop = Number(session.getItem("notes:list-scroll") ?? 0);
  addEventListener("pagehide", () => remember(session, "notes:list-scroll", String(list.scrollTop)));
}
