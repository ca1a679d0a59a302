// A comment that arrives live: the server's <template>, cloned and filled. Its text stands here as notes-service
// rendered and sanitised it, or as plain text where it did not (yet).

import type { Comment } from "../core/events.js";
import { currentUser, isOther } from "./current-user.js";
import { clone, part, path, set, setFace, setTime } from "./fill.js";
import { nodesOf } from "./html.js";

/** `mayDelete`: the reader wrote it, or is an administrator. */
export function commentItem(said: Comment, key: string, mayDelete: boolean): HTMLElement {
  const item = clone("comment-template");
  item.id = `comment-${said.id}`;
  item.dataset["comment"] = String(said.id);
  setFace(item, said.author.name);
  set(item, "author", said.author.name);
  setTime(item, "created_at", said.created_at);
  lead(item, "delete", path(key, "comments", String(said.id), "delete"), mayDelete);
  lead(item, "edit", path(key, "comments", String(said.id), "edit"), currentUser.writes && !isOther(said.author));
  if (mayDelete) part(item, "versions").setAttribute("href", path(key, "comments", String(said.id), "versions"));
  fillComment(item, said);
  return item;
}

/** What may change of it. False if the item shows this or a later version already. */
export function fillComment(item: HTMLElement, said: Comment): boolean {
  const [version, shown] = [said.version ?? 1, Number(item.dataset["version"] || 0)];
  if (version <= shown) return false;
  item.dataset["version"] = String(version);
  showText(item, said);
  part(item, "edited").hidden = said.edited_at === undefined;
  if (said.edited_at !== undefined) setTime(item, "edited_at", said.edited_at);
  return true;
}

function lead(item: HTMLElement, field: string, to: string, isOffered: boolean): void {
  const link = part<HTMLAnchorElement>(item, field);
  link.setAttribute("href", to);
  link.hidden = !isOffered;
}

function showText(item: HTMLElement, said: Comment): void {
  if (said.html === undefined) set(item, "text", said.text);
  else part(item, "text").replaceChildren(nodesOf(said.html));
  // Whoever wrote it is told by what was typed that it stands here.
  if (!isOther(said.author)) item.dataset["source"] = said.text;
}
