// A comment that arrives live: the server's <template>, cloned and filled. Its text stands here as notes-service
// rendered and sanitised it, or as plain text where it did not (yet).

import type { Comment } from "../core/events.js";
import { isOther } from "./current-user.js";
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
  showText(item, said);
  const link = part<HTMLAnchorElement>(item, "delete");
  link.setAttribute("href", path(key, "comments", String(said.id), "delete"));
  link.hidden = !mayDelete;
  return item;
}

function showText(item: HTMLElement, said: Comment): void {
  if (said.html === undefined) set(item, "text", said.text);
  else part(item, "text").replaceChildren(nodesOf(said.html));
  // Whoever wrote it is told by what was typed that it stands here.
  if (!isOther(said.author)) item.dataset["source"] = said.text;
}
