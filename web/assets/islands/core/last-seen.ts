// Which version of each note this person last looked at on this device, so that the list can say what changed since.

type Store = Pick<Storage, "getItem" | "setItem">;

/** The notes looked at longest ago are forgotten first. */
const MOST = 300;

export class LastSeen {
  private readonly name: string;

  constructor(
    private readonly store: Store,
    person: string,
  ) {
    this.name = `notes:looked:${person}`;
  }

  /** A note that was never looked at is no news: it is just new. */
  isNews(note: string, version: number): boolean {
    return this.news()(note, version);
  }

  /** The same for many notes, with one look into the store. */
  news(): (note: string, version: number) => boolean {
    const versions = this.read();
    return (note, version) => version > (versions.get(note) ?? Infinity);
  }

  saw(note: string, version: number): void {
    const versions = this.read();
    if ((versions.get(note) ?? 0) >= version) return;
    versions.delete(note);
    versions.set(note, version);
    try {
      this.store.setItem(this.name, JSON.stringify([...versions].slice(-MOST)));
    } catch {
      // Without room nothing is marked.
    }
  }

  private read(): Map<string, number> {
    try {
      return new Map(JSON.parse(this.store.getItem(this.name) ?? "[]") as [string, number][]);
    } catch {
      return new Map();
    }
  }
}
