// A comment that is being written, kept on this device with the name under which it is sent: one that did arrive
// is not said twice.

export interface Unsaid {
  text: string;
  once: string;
  /** Of the note, for whoever finds the comment elsewhere. */
  title?: string;
  at?: string;
}

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const PREFIX = "notes:draft-comment:";
/** More than anybody has begun; the oldest go first. */
const MOST = 20;

export class CommentDrafts {
  private readonly start: string;

  constructor(
    private readonly store: Store,
    person: string,
  ) {
    this.start = `${PREFIX}${person}:`;
  }

  of(note: string): Unsaid | null {
    try {
      const kept = JSON.parse(this.store.getItem(this.start + note) ?? "null") as Unsaid | null;
      return typeof kept?.text === "string" && typeof kept.once === "string" ? kept : null;
    } catch {
      return null;
    }
  }

  /** The latest first, each with the key of its note. */
  all(): (Unsaid & { note: string; at: string })[] {
    const names = Array.from({ length: this.store.length }, (_, index) => this.store.key(index) ?? "");
    const found = names.flatMap((name) => {
      const note = name.startsWith(this.start) ? name.slice(this.start.length) : "";
      const unsaid = note ? this.of(note) : null;
      return unsaid ? [{ ...unsaid, note, at: String(unsaid.at ?? "") }] : [];
    });
    return found.sort((one, other) => other.at.localeCompare(one.at));
  }

  /** Empty text is nothing to keep. False when the device has no room for it. */
  write(note: string, unsaid: Unsaid): boolean {
    try {
      if (unsaid.text === "") this.drop(note);
      else this.store.setItem(this.start + note, JSON.stringify(unsaid));
      for (const old of this.all().slice(MOST)) this.drop(old.note);
      return true;
    } catch {
      return false;
    }
  }

  drop(note: string): void {
    this.store.removeItem(this.start + note);
  }
}
