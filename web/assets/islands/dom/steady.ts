// A list that changes above what somebody looks at, or above the field that somebody writes in, moves neither.

/** Where the browser steadies by itself it is told not to: `overflow-anchor: none` on the list. */
export function steadily(list: HTMLElement, work: () => void): void {
  const held = list.parentElement?.contains(document.activeElement) ? document.activeElement : null;
  const seen = held ? [held] : [...list.children].filter(isSeen);
  const tops = seen.map((each) => each.getBoundingClientRect().top);
  work();
  const index = seen.findIndex((each) => each.isConnected);
  const by = index < 0 ? 0 : (seen[index] as Element).getBoundingClientRect().top - (tops[index] as number);
  if (Math.abs(by) >= 1) scrollAround(list, by);
}

function isSeen(item: Element): boolean {
  const { top, bottom } = item.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

function scrollAround(list: HTMLElement, by: number): void {
  const pane = list.closest(".pane");
  const before = pane?.scrollTop ?? 0;
  if (pane) pane.scrollTop += by;
  if ((pane?.scrollTop ?? 0) === before) scrollBy(0, by);
}
