// Every <time> on the page, said relative to now; the full date on hover.

import { absolute, relative } from "../core/times.js";

export function clarify(element: HTMLTimeElement, now = Date.now()): void {
  // What lies ahead is said by its date.
  const text = "exact" in element.dataset ? absolute(element.dateTime) : relative(element.dateTime, now);
  if (text && element.textContent !== text) element.textContent = text;
  const full = absolute(element.dateTime);
  if (full && element.title !== full) element.title = full;
}

export function clarifyAll(): void {
  const now = Date.now();
  for (const element of document.querySelectorAll<HTMLTimeElement>("time[datetime]")) clarify(element, now);
}
