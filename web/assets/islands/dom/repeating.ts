// Sending again what was cut off: the same form under the same key, until it was answered or patience ends.
// The server takes a key once, so whatever became of the earlier tries, the last one settles it.

import { isReachable } from "./connectivity.js";
import { Failed, postForm } from "./request.js";

const PATIENCE_MS = 15_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 1_500;
/** The edge or a service on its way back says these; nothing is settled by them. */
const COMING_BACK = [502, 503, 504];

/** Nobody answered. `sent`: it may have arrived all the same. */
export class Unanswered extends Error {
  constructor(readonly sent: boolean) {
    super(sent ? "no answer" : "not sent");
  }
}

/** `waits` hears, each time before it is tried again, whether it may have arrived already. */
export async function postUntilAnswered<T>(
  url: string,
  fields: FormData,
  waits: (sent: boolean) => void,
): Promise<T | null> {
  const until = performance.now() + PATIENCE_MS;
  const left = () => until - performance.now();
  let sent = false;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    if (await isReachable(left())) {
      sent = true;
      try {
        return await postForm<T>(url, fields, { limitMs: Math.max(1, left()) });
      } catch (error) {
        if (!isCutOff(error)) throw error;
      }
    }
    // A device without a network is told at once; who comes back to it sends again.
    if (left() <= pause || !navigator.onLine) throw new Unanswered(sent);
    waits(sent);
    await new Promise((go) => setTimeout(go, pause));
  }
}

/** Before a page is left whose place only the server can fill. */
export async function whenReachable(): Promise<void> {
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; ) {
    if (await isReachable(until - performance.now())) return;
    await new Promise((go) => setTimeout(go, FIRST_PAUSE_MS));
  }
}

function isCutOff(error: unknown): boolean {
  return !(error instanceof Failed) || COMING_BACK.includes(error.status);
}
