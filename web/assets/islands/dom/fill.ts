// Items that arrive live: the server's <template>, cloned and filled by textContent. No HTML is ever built here.
// A parity test compares the result with what the server renders.

import type { Row } from "../core/events.js";
import { clarify } from "./times.js";

export function clone(id: string): HTMLElement {
  const template = document.getElementById(id) as HTMLTemplateElement;
  return (template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement;
}

export function part<E extends HTMLElement>(item: HTMLElement, field: string): E {
  return item.querySelector<E>(`[data-field="${field}"]`) as E;
}

export function set(item: HTMLElement, field: string, text: string): void {
  const element = part(item, field);
  if (element.textContent !== text) element.textContent = text;
}

export function setTime(item: HTMLElement, field: string, time: string): void {
  const element = part<HTMLTimeElement>(item, field);
  if (element.dateTime === time) return;
  element.dateTime = time;
  clarify(element);
}

export function path(key: string, ...more: string[]): string {
  return ["/notes", encodeURIComponent(key), ...more].join("/");
}

/** As the server's macro `lines`. */
export function lines(number: number): string {
  return `${number} ${number === 1 ? "line" : "lines"}`;
}

export function rowItem(row: Row): HTMLElement {
  const item = clone("row-template");
  fillRow(item, row);
  return item;
}

export function fillRow(item: HTMLElement, row: Row): void {
  item.dataset["key"] = row.key;
  item.dataset["version"] = String(row.version);
  [item.dataset["created"], item.dataset["updated"]] = [row.created_at, row.updated_at];
  [item.dataset["author"], item.dataset["editor"]] = [row.author.id, row.editor.id];
  part<HTMLAnchorElement>(item, "link").setAttribute("href", path(row.key));
  set(item, "title", row.title);
  part(item, "title").title = row.title;
  set(item, "excerpt", row.excerpt);
  set(item, "author", row.author.name);
  set(item, "editor", row.editor.name);
  part(item, "edited").hidden = row.author.id === row.editor.id;
  set(item, "changed_lines", `, ${lines(row.changed_lines ?? 0)}`);
  part(item, "changed_lines").hidden = !row.changed_lines;
  setTime(item, "updated_at", row.updated_at);
  set(item, "comments", String(row.comments));
  part(item, "discussed").hidden = row.comments === 0;
}

export function markNews(item: HTMLElement, news: boolean): void {
  if (news === "news" in item.dataset) return;
  item.toggleAttribute("data-news", news);
  part(item, "news").hidden = !news;
}

export function toastItem(text: string, tone: string, undo: string | null): HTMLElement {
  const item = clone("toast-template");
  item.dataset["tone"] = tone;
  set(item, "text", text);
  const form = part<HTMLFormElement>(item, "undo");
  form.hidden = undo === null;
  if (undo !== null) form.setAttribute("action", path(undo, "restore"));
  return item;
}

export function contentsItem(id: string, level: number, text: string): HTMLElement {
  const item = clone("contents-template");
  item.dataset["level"] = String(level);
  part<HTMLAnchorElement>(item, "link").setAttribute("href", `#${encodeURIComponent(id)}`);
  set(item, "link", text);
  return item;
}

export function unsavedItem(title: string, address: string, at: string): HTMLElement {
  const item = clone("unsaved-template");
  const link = part<HTMLAnchorElement>(item, "link");
  link.setAttribute("href", address);
  link.textContent = title;
  setTime(item, "at", at);
  return item;
}

export interface Present {
  name: string;
  writing: boolean;
}

export function presentItem({ name, writing }: Present): HTMLElement {
  const item = clone("present-template");
  setFace(item, name);
  set(item, "name", name);
  set(item, "does", writing ? "is writing" : "");
  return item;
}

export function setFace(item: HTMLElement, name: string): void {
  set(item, "initials", initials(name));
  part(item, "initials").dataset["hue"] = String(hue(name));
}

/** As the server's filter `hue`. */
function hue(name: string): number {
  return [...name].reduce((sum, each) => sum + (each.codePointAt(0) ?? 0), 0) % 6;
}

/** As the server's filter `initials`. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? "?")][0] ?? "?";
  const last = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
  return (first + last).toUpperCase();
}
