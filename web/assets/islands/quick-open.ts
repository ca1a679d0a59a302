// Opens a note by a few letters of its title: Ctrl+K anywhere. Loaded when it is first asked for.
//
// Promise: what is chosen is what is shown for what stands in the field; an answer that comes late changes nothing.

import type { Row } from "./core/events.js";
import { clarify } from "./dom/times.js";
import { Failed, getJson } from "./dom/request.js";

/** Letters of one moment are asked about together. */
const PAUSE_MS = 80;

const dialog = document.getElementById("quick") as HTMLDialogElement;
const field = dialog.querySelector("input") as HTMLInputElement;
const list = dialog.querySelector("ul") as HTMLElement;
const told = dialog.querySelector('[role="status"]') as HTMLElement;

let chosen = -1;
let asked = 0;
/** What the list was asked for. */
let listed: string | null = null;
let waiting: ReturnType<typeof setTimeout> | undefined;

export function show(): void {
  if (dialog.open) return;
  dialog.showModal();
  field.select();
  void look();
}

field.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => void look(), PAUSE_MS);
});

dialog.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) choose((chosen + step + options().length) % Math.max(1, options().length));
  else if (event.key === "Enter") void enter(event.ctrlKey || event.metaKey);
  else return;
  event.preventDefault();
});

list.addEventListener("click", (event) => {
  const option = (event.target as Element).closest<HTMLElement>('[role="option"]');
  open(option ?? undefined, event.ctrlKey || event.metaKey);
});

// Beside the card is outside.
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

/** Quicker than the answer: what is opened is what the letters mean, not what stood there before them. */
async function enter(apart: boolean): Promise<void> {
  if (listed !== field.value.trim()) {
    clearTimeout(waiting);
    await look();
  }
  if (dialog.open && listed === field.value.trim()) open(options()[chosen], apart);
}

async function look(): Promise<void> {
  const ticket = (asked += 1);
  const typed = field.value.trim();
  try {
    const { notes } = await getJson<{ notes: Row[] }>(`/live/titles?q=${encodeURIComponent(typed)}`);
    if (ticket !== asked) return;
    listed = typed;
    put(notes, typed);
  } catch (error) {
    if (ticket !== asked) return;
    listed = null;
    list.replaceChildren();
    choose(-1);
    tell(sentence(error));
  }
}

function put(notes: Row[], typed: string): void {
  const found = notes.map((note) => option(`/notes/${encodeURIComponent(note.key)}`, note.title, note));
  if (typed) found.push(option(`/?q=${encodeURIComponent(typed)}`, `Search all text for “${typed}”`));
  found.forEach((each, place) => (each.id = `quick-${place}`));
  list.replaceChildren(...found);
  choose(found.length > 0 ? 0 : -1);
  tell(notes.length > 0 ? "" : typed ? "No title has words that begin like this." : "There are no notes yet.");
}

function option(href: string, title: string, note?: Row): HTMLElement {
  const template = document.getElementById("quick-template") as HTMLTemplateElement;
  const made = (template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement;
  const part = (name: string) => made.querySelector(`[data-field="${name}"]`) as HTMLElement;
  made.dataset["href"] = href;
  part("title").textContent = title;
  part("meta").hidden = !note;
  if (note) {
    part("editor").textContent = note.editor.name;
    const time = part("updated_at") as HTMLTimeElement;
    time.dateTime = note.updated_at;
    clarify(time);
  }
  return made;
}

function options(): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>('[role="option"]')];
}

function choose(place: number): void {
  chosen = place;
  options().forEach((each, number) => each.setAttribute("aria-selected", String(number === place)));
  const now = options()[place];
  if (now) field.setAttribute("aria-activedescendant", now.id);
  else field.removeAttribute("aria-activedescendant");
  now?.scrollIntoView({ block: "nearest" });
}

function open(option: HTMLElement | undefined, apart: boolean): void {
  const href = option?.dataset["href"];
  if (!href) return;
  if (apart) window.open(href, "_blank", "noopener");
  else location.assign(href);
  dialog.close();
}

function sentence(error: unknown): string {
  const status = error instanceof Failed ? error.status : 0;
  if (status === 401) return "Log in to see notes.";
  if (status === 422) return "This is too long for a title.";
  return "There was no answer. Type again to try again.";
}

function tell(text: string): void {
  if (told.textContent !== text) told.textContent = text;
}
