// What somebody typed and has not saved, kept on this device, one draft for each person and note.
// Log-out wipes them (Clear-Site-Data).

export interface Draft {
  title: string;
  body: string;
  /** The version of the note that it was based on. */
  version: number;
  at: string;
  /** It was sent; the note's page drops it when it shows the same. */
  sent: boolean;
}

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export class Drafts {
  constructor(
    private readonly store: Store,
    private readonly person: string,
  ) {}

  read(note: string): Draft | null {
    try {
      const kept: unknown = JSON.parse(this.store.getItem(this.name(note)) ?? "null");
      return isDraft(kept) ? kept : null;
    } catch {
      return null;
    }
  }

  /** False when the device has no room for it. */
  write(note: string, draft: Draft): boolean {
    try {
      this.store.setItem(this.name(note), JSON.stringify(draft));
      return true;
    } catch {
      return false;
    }
  }

  drop(note: string): void {
    this.store.removeItem(this.name(note));
  }

  private name(note: string): string {
    return `notes:draft:${this.person}:${note || "(new)"}`;
  }
}

function isDraft(kept: unknown): kept is Draft {
  const draft = kept as Draft | null;
  return typeof draft?.title === "string" && typeof draft.body === "string" && typeof draft.at === "string";
}
