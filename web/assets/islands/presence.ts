// Who else has this note open. Asked when the page opens and comes to the front, then as often as the server says;
// never while the page is hidden.

import { sentence, type PresentUsers } from "./core/presence.js";
import { area } from "./core/debug.js";
import { presentItem } from "./dom/fill.js";
import { currentUser } from "./dom/current-user.js";
import { getJson } from "./dom/request.js";

const debug = area("notes:presence");

/** This window is in the channel soon after it opens. */
const FIRST_MS = 400;
const AFTER_FAILURE_S = 30;

export class Watch {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly key: string,
    private readonly show: (present: PresentUsers) => void,
  ) {
    if (currentUser.id === "") return;
    document.addEventListener("visibilitychange", () => this.plan(FIRST_MS));
    this.plan(FIRST_MS);
  }

  private plan(milliseconds: number): void {
    clearTimeout(this.timer);
    if (!document.hidden) this.timer = setTimeout(() => void this.ask(), milliseconds);
  }

  private async ask(): Promise<void> {
    let pollAfter = AFTER_FAILURE_S;
    try {
      const present = await getJson<PresentUsers>(`/live/notes/${encodeURIComponent(this.key)}/present`);
      pollAfter = present.poll_after ?? AFTER_FAILURE_S; // a server of the build before this one
      this.show(present);
    } catch (error) {
      debug("not told", error);
      // Rather nobody than people who left long ago.
      this.show({ people: [], more: 0, guests: 0, poll_after: pollAfter });
    }
    this.plan(pollAfter * 1_000);
  }
}

/** Faces beside the note; opened, their names. */
export class PresenceLine {
  private shown = "";

  constructor(
    private readonly line: HTMLDetailsElement,
    key: string,
  ) {
    new Watch(key, (present) => this.show(present));
    document.addEventListener("click", ({ target }) => {
      if (!line.contains(target as Node)) line.open = false;
    });
    line.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !line.open) return;
      event.stopPropagation();
      line.open = false;
      line.querySelector("summary")?.focus();
    });
  }

  private show(present: PresentUsers): void {
    const words = sentence(present);
    this.line.hidden = words === "";
    if (words === this.shown) return;
    this.shown = words;
    const items = present.people.map(presentItem);
    const faces = items.map((item) => item.querySelector(".avatar")?.cloneNode(true) as HTMLElement);
    this.line.querySelector(".faces")?.replaceChildren(...faces);
    (this.line.querySelector('[data-field="text"]') as HTMLElement).textContent = words;
    this.line.querySelector("ul")?.replaceChildren(...items);
    (this.line.querySelector('[data-field="rest"]') as HTMLElement).textContent = sentence({ ...present, people: [] });
  }
}
