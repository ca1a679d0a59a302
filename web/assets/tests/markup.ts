// For the parity test, run inside a page: items filled from templates, compared with what the server rendered.

import type { Comment, Row, VersionRow } from "../islands/core/events.js";
import { commentItem } from "../islands/dom/comment-item.js";
import { rowItem } from "../islands/dom/fill.js";
import { versionItem } from "../islands/dom/version-item.js";
import { may } from "../islands/dom/current-user.js";
import { clarify } from "../islands/dom/times.js";

interface Facts {
  rows: Row[];
  comments: Comment[];
  versions?: VersionRow[];
  key: string;
}

export function differences(facts: Facts): [string, string][] {
  const pairs: [Element | null, HTMLElement][] = facts.rows.map((row) => [
    document.querySelector(`#notes [data-key="${CSS.escape(row.key)}"]`),
    rowItem(row),
  ]);
  for (const said of facts.comments) {
    pairs.push([document.getElementById(`comment-${said.id}`), commentItem(said, facts.key, may(said.author))]);
  }
  for (const row of facts.versions ?? []) {
    pairs.push([document.querySelector(`#history [data-version="${row.version}"]`), versionItem(row, facts.key)]);
  }
  return pairs.map(([server, island]) => [plain(server), plain(island)] as [string, string]).filter(([a, b]) => a !== b);
}

function plain(item: Element | null): string {
  if (!item) return "(missing)";
  const copy = item.cloneNode(true) as Element;
  for (const time of copy.querySelectorAll<HTMLTimeElement>("time")) clarify(time, 0);
  for (const radio of copy.querySelectorAll("[checked]")) radio.removeAttribute("checked");
  for (const link of copy.querySelectorAll("[aria-current]")) link.removeAttribute("aria-current");
  for (const each of [copy, ...copy.querySelectorAll("*")]) {
    const sorted = [...each.attributes].map(({ name, value }) => [name, value] as const).sort();
    for (const [name] of sorted) each.removeAttribute(name);
    for (const [name, value] of sorted) each.setAttribute(name, value);
  }
  return copy.outerHTML.replace(/\s+/g, " ").replace(/> </g, "><");
}
