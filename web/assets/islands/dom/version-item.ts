// A version in the list of a note's versions, from the server's <template>.

import type { VersionRow } from "../core/events.js";
import { clone, part, path, set, setFace, setTime } from "./fill.js";

export function versionItem(row: VersionRow, key: string): HTMLElement {
  const item = clone("version-template");
  fillVersion(item, row, key);
  return item;
}

export function fillVersion(item: HTMLElement, row: VersionRow, key: string): void {
  const number = String(row.version);
  item.dataset["version"] = number;
  for (const radio of item.querySelectorAll<HTMLInputElement>('input[type="radio"]')) radio.setAttribute("value", number);
  for (const field of ["from", "to", "number"]) set(item, field, number);
  // A link to nowhere is none.
  if (row.deleted) part(item, "link").removeAttribute("href");
  else part(item, "link").setAttribute("href", path(key, "history", number));
  part(item, "pick").hidden = row.deleted;
  part(item, "gone").hidden = !row.deleted;
  setFace(item, row.by.name);
  set(item, "by", row.by.name);
  setTime(item, "at", row.at);
  set(item, "did", row.did);
}
