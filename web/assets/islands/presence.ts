// Who else has this note open. Asked when the page opens and comes to the front, then as often as the server says;
// never while the page is hidden.

import { sentence, type Company } from "./core/company.js";
import { area } from "./core/debug.js";
import { presentItem } from "./dom/fill.js";
import { reader } from "./dom/reader.js";
import { getJson } from "./dom/request.js";

const debug = area("notes:presence");

/** This window is in the channel soon after it opens. */
const FIRST_MS = 400;
const AFTER_FAILURE_S = 30;

export class Watch {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly key: string,
    private readonly show: (company: Company) => void,
  ) {
    if (reader.id === "") return;
    document.addEventListener("visibilitychange", () => this.plan(FIRST_MS));
    this.plan(FIRST_MS);
  }

  private plan(milliseconds: number): void {
    clearTimeout(this.timer);
    if (!document.hidden) this.timer = setTimeout(() => void this.ask(), milliseconds);
  }

  private async ask(): Promise<void> {
    let again = AFTER_FAILURE_S;
    try {
      const company = await getJson<Company>(`/live/notes/${encodeURIComponent(this.key)}/present`);
      again = company.again;
      this.show(company);
    } catch (error) {
      debug("not told", error);
      // Rather nobody than people who left long ago.
      this.show({ people: [], more: 0, guests: 0, again });
    }
    this.plan(again * 1_000);
  }
}

/** Faces beside the note; opened, their names. */
export class PresenceLine {
  private shown = "";

  constructor(
    private readonly line: HTMLDetailsElement,
    key: string,
  ) {
    new Watch(key, (company) => this.show(company));
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

  private show(company: Company): void {
    const words = sentence(company);
    this.line.hidden = words === "";
    if (words === this.shown) return;
    this.shown = words;
    const items = company.people.map(presentItem);
    const faces = items.map((item) => item.querySelector(".avatar")?.cloneNode(true) as HTMLElement);
    this.line.querySelector(".faces")?.replaceChildren(...faces);
    (this.line.querySelector('[data-field="text"]') as HTMLElement).textContent = words;
    this.line.querySelector("ul")?.replaceChildren(...items);
    (this.line.querySelector('[data-field="rest"]') as HTMLElement).textContent = sentence({ ...company, people: [] });
  }
}
