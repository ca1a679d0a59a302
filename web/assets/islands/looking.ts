// What a person looked at, on this device and, where they are signed in, on all of theirs.

import { LastSeen } from "./core/last-seen.js";
import { Looks } from "./core/looks.js";
import { currentUser } from "./dom/current-user.js";
import { path } from "./dom/fill.js";
import { postForm } from "./dom/request.js";
import { local, remember, session } from "./dom/storage.js";

export class Looking {
  private readonly seen = new LastSeen(local, currentUser.id);
  private readonly looks: Looks;
  private readonly name: string;

  /** `known`: the version that the server knows this person looked at, 0 for none. */
  constructor(
    private readonly key: string,
    private readonly known: number,
  ) {
    this.name = `notes:told:${currentUser.id}:${key}`;
    if (known > 0) this.seen.saw(key, known);
    const clock = { now: Date.now, random: Math.random, after: (wait: number, work: () => void) => void setTimeout(work, wait) };
    this.looks = new Looks((version) => this.tell(version), clock, known, Number(session.getItem(this.name) ?? 0));
    addEventListener("pagehide", () => this.looks.flush());
  }

  /** What changed since then is news: the version, or null if this one was looked at, or none. */
  before(version: number): number | null {
    const looked = Math.max(this.seen.version(this.key) ?? 0, this.known);
    return looked > 0 && looked < version ? looked : null;
  }

  /** The version stands on a page that can be seen; `isLive`: it came in while it was seen. */
  at(version: number, isLive = false): void {
    this.seen.saw(this.key, version);
    if (currentUser.id !== "") this.looks.saw(version, isLive);
  }

  private tell(version: number): void {
    remember(session, this.name, String(Date.now()));
    const fields = new FormData();
    fields.set("version", String(version));
    // It is no more than a mark: the next visit tells it again.
    void postForm(path(this.key, "looked"), fields, { keepalive: true }).catch(() => {});
  }
}
