// Which version of each note this person last looked at, as far as this device knows, so that pages can say what changed
// since. What the server knows of a signed-in person's other devices is learnt from its pages.

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

  version(note: string): number | undefined {
    return this.read().get(note);
  }

  saw(note: string, version: number): void {
    this.learn([[note, version]]);
  }

  /** The same for many notes, with one look into the store; a version never goes back. */
  learn(looked: readonly (readonly [note: string, version: number])[]): void {
    const versions = this.read();
    const newer = looked.filter(([note, version]) => version > (versions.get(note) ?? 0));
    if (newer.length === 0) return;
    for (const [note, version] of newer) {
      versions.delete(note);
      versions.set(note, version);
    }
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
