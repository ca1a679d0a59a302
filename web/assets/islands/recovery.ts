// Unsaved text of an earlier visit is offered with what differs, never put in by itself.

import type { Draft, Drafts } from "./core/drafts.js";
import { clock } from "./core/times.js";
import { offerComparison } from "./dom/comparison.js";
import { whole, type Words } from "./remote-changes.js";

export interface Desk {
  readonly note: string;
  readonly writing: string;
  readonly version: number;
  words(): Words;
  isDirty(): boolean;
  take(draft: Draft): void;
}

/** The latest first; whoever discards it sees the one before. */
export function offerDraft(desk: Desk, drafts: Drafts): void {
  const bar = document.getElementById("restore");
  if (!bar || desk.isDirty()) return;
  const text = whole(desk.words());
  const others = drafts.of(desk.note).filter((each) => each.writing !== desk.writing);
  // What stands in the note already needs no copy.
  for (const each of others) if (whole(each) === text) drafts.drop(desk.note, each.writing);
  const draft = others.find((each) => whole(each) !== text);
  bar.hidden = draft === undefined;
  if (!draft) return;
  const about = draft.version < desk.version ? " The note has changed since." : "";
  const line = bar.querySelector('[data-field="text"]') as HTMLElement;
  line.textContent = `You have unsaved text from ${moment(draft.at)} on this device.${about}`;
  offerComparison("restore-changes", async () => [whole(desk.words()), whole(draft)]);
  bar.onclick = (event) => {
    const action = (event.target as HTMLElement).dataset["action"];
    if (action === "drop-draft") drafts.drop(desk.note, draft.writing);
    if (action === "restore-draft") desk.take(draft);
    if (action === "drop-draft") offerDraft(desk, drafts);
    else if (action) bar.hidden = true;
  };
}

function moment(at: string): string {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long" });
  return isToday ? clock(at) : `${day.format(new Date(at))}, ${clock(at)}`;
}
