// Text that was never saved or said, found again: from the home page by one link for each, and where a note was.

import { CommentDrafts } from "./core/comment-drafts.js";
import { Drafts } from "./core/drafts.js";
import { path, unsavedItem } from "./dom/fill.js";
import { currentUser } from "./dom/current-user.js";
import { KeptField } from "./dom/kept-field.js";
import { local } from "./dom/storage.js";

const MOST = 3;
const MOST_NAMED = 8;

export function showUnsaved(): void {
  const box = document.getElementById("unsaved");
  if (!box || currentUser.id === "") return;
  const texts = kept();
  box.hidden = texts.length === 0;
  const items = texts.slice(0, MOST).map(({ name, address, at }) => unsavedItem(name, address, at));
  box.querySelector("ul")?.replaceChildren(...items);
}

interface Kept {
  name: string;
  address: string;
  at: string;
}

/** Whatever this person has begun on this device, the latest first. */
function kept(): Kept[] {
  return [...notes(), ...comments()].sort((one, other) => other.at.localeCompare(one.at));
}

/** Logging out forgets what was never saved, so it is named first, and asked about. */
export function askBeforeLogout(form: HTMLFormElement): void {
  const dialog = document.getElementById("logout-sure") as HTMLDialogElement | null;
  let isSure = false;
  form.addEventListener("submit", (event) => {
    const texts = currentUser.id === "" ? [] : kept();
    if (!dialog || isSure || texts.length === 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const names = texts.slice(0, MOST_NAMED).map(({ name }) => name);
    if (texts.length > names.length) names.push(`and ${texts.length - names.length} more`);
    dialog.querySelector("ul")?.replaceChildren(...names.map(line));
    dialog.returnValue = "";
    dialog.showModal();
  });
  dialog?.addEventListener("close", () => {
    isSure = dialog.returnValue === "leave";
    if (isSure) form.requestSubmit();
    isSure = false;
  });
}

function line(text: string): HTMLElement {
  return Object.assign(document.createElement("li"), { textContent: text, dir: "auto" });
}

function notes(): Kept[] {
  const texts = new Drafts(local, currentUser.id).all().filter(({ title, body }) => title || body);
  return texts.map(({ note, title, at }) => {
    return { name: title || "Without a title", address: note ? path(note, "edit") : "/notes/add", at };
  });
}

function comments(): Kept[] {
  return new CommentDrafts(local, currentUser.id).all().map(({ note: kept, title, at }) => {
    // Of a comment that is being changed, its number follows the note's key.
    const [note = "", changed] = kept.split(":");
    const address = changed ? path(note, "comments", changed, "edit") : `${path(note)}#text`;
    return { name: title ? `Comment on “${title}”` : "A comment", address, at };
  });
}

/** The page that changes a comment without the note around it. */
export function keepChangedComment(): void {
  const field = document.querySelector<HTMLTextAreaElement>("textarea[data-kept]");
  if (!field || currentUser.id === "") return;
  const kept = new KeptField(field, field.dataset["kept"] ?? "", field.dataset["title"] ?? "");
  document.querySelector('[data-action="drop-kept"]')?.addEventListener("click", () => kept.drop());
}

/** The note is gone; what somebody began to say about it is not. */
export function showKeptComment(): void {
  const box = document.getElementById("kept-comment");
  const drafts = new CommentDrafts(local, currentUser.id);
  const key = box?.dataset["key"] ?? "";
  const changed = drafts.all().map(({ note }) => note).filter((name) => name.startsWith(`${key}:`));
  const note = [key, ...changed].find((name) => drafts.of(name)) ?? key;
  const unsaid = drafts.of(note);
  if (!box || !unsaid) return;
  (box.querySelector("textarea") as HTMLTextAreaElement).value = unsaid.text;
  box.hidden = false;
  box.querySelector('[data-action="discard"]')?.addEventListener("click", () => {
    drafts.drop(note);
    box.hidden = true;
  });
}
