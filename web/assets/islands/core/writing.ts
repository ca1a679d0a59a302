// What the writer is told about the text. Pure: facts in, one of few states out, in words.

import type { State as LinkState } from "./connection.js";
import { clock } from "./times.js";

export interface Facts {
  /**
   * On its way with the page, or while the page stays; tried again, after it may have arrived ("unanswered") or could
   * not ("unreached"); given up, likewise ("unknown", "failed").
   */
  sending: "no" | "page" | "here" | "unanswered" | "unreached" | "unknown" | "failed";
  isDirty: boolean;
  /** Is there a copy on this device? */
  isKept: boolean;
  /** When this window saved last, or "". */
  savedAt: string;
  link: LinkState;
}

export function told({ sending, isDirty, isKept, savedAt, link }: Facts): [state: string, words: string] {
  const kept = isKept ? "kept on this device" : "this browser cannot keep it, copy it";
  if (sending === "page" || sending === "here") return ["saving", "Saving…"];
  if (sending === "unanswered") return ["saving", `Saving, no answer yet, trying again: ${kept}`];
  if (sending === "unreached") return ["offline", `Not saved yet, the server cannot be reached, trying again: ${kept}`];
  if (sending === "unknown") return ["offline", `No answer, may not be saved, save again: ${kept}`];
  if (sending === "failed") return ["offline", `Not saved, the server cannot be reached: ${kept}`];
  if (!isDirty) return ["saved", savedAt ? `Saved ${clock(savedAt)}` : ""];
  if (!isKept) return ["offline", `Unsaved: ${kept}`];
  return link === "offline" ? ["offline", `Offline: ${kept}`] : ["unsaved", "Unsaved changes"];
}
