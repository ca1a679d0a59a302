// Who else writes in this note: told before both have written for long. A notice, no lock.

import { fellowWriters } from "./core/presence.js";
import { tell } from "./dom/feedback.js";
import type { Live } from "./live.js";
import { Watch } from "./presence.js";

export function watchWriters(live: Live, key: string): void {
  live.appear(`writing:${key}`);
  const bar = document.getElementById("writers");
  if (!bar) return;
  new Watch(key, (present) => {
    const words = fellowWriters(present);
    if (words) tell("writers", words);
    else bar.hidden = true;
  });
}
