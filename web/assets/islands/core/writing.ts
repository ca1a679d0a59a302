// What the writer is told about the text. Pure: facts in, one of few states out, in words.

import type { State as LinkState } from "./connection.js";
import { clock } from "./times.js";

export interface Facts {
  /** On its way with the page, on its way while the page stays, or not sent for want of a connection. */
  sending: "no" | "page" | "here" | "failed";
  isDirty: boolean;
  /** Is there a copy on this device? */
  isKept: boolean;
  /** When this window saved last, or "". */
  savedAt: string;
  link: LinkState;
}

export function told({ sending, isDirty, isKept, savedAt, link }: Facts): [state: string, words: string] {
  const kept = isKept ? "kept on this device" : "this device has no room to keep it, copy it";
  if (sending === "page" || sending === "here") return ["saving", "Saving…"];
  if (sending === "failed") return ["offline", `Not saved, the server cannot be reached: ${kept}`];
  if (!isDirty) return ["saved", savedAt ? `Saved ${clock(savedAt)}` : ""];
  if (!isKept) return ["offline", `Unsaved: ${kept}`];
  return link === "offline" ? ["offline", `Offline: ${kept}`] : ["unsaved", "Unsaved changes"];
}
