// What somebody typed and has not saved, kept on this device: one draft for each text that is being written, so
// that two windows never overwrite each other's. Log-out wipes them (Clear-Site-Data, and site.ts).

export interface Draft {
  /** The name of this text on all its ways; the server says it back when the text is saved. */
  writing: string;
  title: string;
  body: string;
  /** The version of the note that it was based on, and how that read. */
  version: number;
  base: { title: string; body: string } | null;
  at: string;
}

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/** More than anybody has open; the oldest go first. */
const MOST = 20;
const PREFIX = "notes:draft:";

export class Drafts {
  constructor(
    private readonly store: Store,
    private readonly person: string,
  ) {}

  /** Of one note ("" for notes that do not exist yet), the latest first. */
  of(note: string): Draft[] {
    const found = this.names(this.name(note, "")).map((name) => this.read(name));
    return found.filter((each) => each !== null).sort((a, b) => b.at.localeCompare(a.at));
  }

  /** False when the device has no room for it. */
  write(note: string, draft: Draft): boolean {
    for (const old of this.of(note).slice(MOST)) this.store.removeItem(this.name(note, old.writing));
    try {
      this.store.setItem(this.name(note, draft.writing), JSON.stringify(draft));
      return true;
    } catch {
      return false;
    }
  }

  drop(note: string, writing: string): void {
    this.store.removeItem(this.name(note, writing));
  }

  /** Wherever it was begun. */
  dropEverywhere(writing: string): void {
    const ours = this.names(`${PREFIX}${this.person}:`).filter((name) => name.endsWith(`:${writing}`));
    for (const name of ours) this.store.removeItem(name);
  }

  private read(name: string): Draft | null {
    try {
      const kept: unknown = JSON.parse(this.store.getItem(name) ?? "null");
      return isDraft(kept) ? kept : null;
    } catch {
      return null;
    }
  }

  private names(start: string): string[] {
    const all = Array.from({ length: this.store.length }, (_, index) => this.store.key(index) ?? "");
    return all.filter((name) => name.startsWith(start));
  }

  private name(note: string, writing: string): string {
    return `${PREFIX}${this.person}:${note || "(new)"}:${writing}`;
  }
}

function isDraft(kept: unknown): kept is Draft {
  const draft = kept as Draft | null;
  const texts = [draft?.title, draft?.body, draft?.at, draft?.writing];
  return texts.every((each) => typeof each === "string") && typeof draft?.version === "number";
}
