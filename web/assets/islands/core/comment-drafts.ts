// A comment that is being written, kept on this device with the name under which it is sent: one that did arrive
// is not said twice.

export interface Unsaid {
  text: string;
  once: string;
}

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export class CommentDrafts {
  constructor(
    private readonly store: Store,
    private readonly person: string,
    private readonly note: string,
  ) {}

  read(): Unsaid | null {
    try {
      const kept = JSON.parse(this.store.getItem(this.name) ?? "null") as Unsaid | null;
      return typeof kept?.text === "string" && typeof kept.once === "string" ? kept : null;
    } catch {
      return null;
    }
  }

  /** Empty text is nothing to keep. False when the device has no room for it. */
  write(unsaid: Unsaid): boolean {
    try {
      if (unsaid.text === "") this.store.removeItem(this.name);
      else this.store.setItem(this.name, JSON.stringify(unsaid));
      return true;
    } catch {
      return false;
    }
  }

  private get name(): string {
    return `notes:draft-comment:${this.person}:${this.note}`;
  }
}
