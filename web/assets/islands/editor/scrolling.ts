// The preview beside the text scrolls in step with it: what is at the top of the one is at the top of the other.

import type { RichField } from "./code/rich-field.js";
import type { Preview } from "./preview.js";

/** Returns what brings them in step again, after the preview has changed. */
export function inStep(field: () => RichField | null, preview: Preview): () => void {
  const tools = document.querySelector(".tools") as HTMLElement;
  let isWaiting = false;
  const follow = () => {
    isWaiting = false;
    const rich = field();
    if (!rich) return;
    rich.settled = soon;
    preview.follow(rich.blockAt(tools.getBoundingClientRect().bottom));
  };
  const soon = () => {
    if (!isWaiting) requestAnimationFrame(follow);
    isWaiting = true;
  };
  addEventListener("scroll", soon, { passive: true });
  return soon;
}
