// What a screen reader is told, at most one sentence in a while: a burst becomes its sum.

export const PAUSE_MS = 3_000;
const MOST_COUNTED = 1_000;

type Later = (work: () => void, milliseconds: number) => unknown;

export class Announcer {
  /** What it is about, and the latest sentence: a burst takes no more room than its sum. */
  private notes = new Set<string>();
  private latest: string | null = null;
  private last = -Infinity;
  private planned = false;

  constructor(
    private readonly say: (sentence: string) => void,
    private readonly now: () => number,
    private readonly later: Later,
  ) {}

  /** `about`: which note; several sentences about one note count once. */
  tell(about: string, sentence: string): void {
    if (this.notes.size < MOST_COUNTED) this.notes.add(about);
    this.latest = sentence;
    if (this.planned) return;
    this.planned = true;
    // A short wait even at first, so that a burst is summed from its start.
    this.later(() => this.flush(), Math.max(100, this.last + PAUSE_MS - this.now()));
  }

  private flush(): void {
    const [{ size }, latest] = [this.notes, this.latest];
    this.notes = new Set();
    this.latest = null;
    this.planned = false;
    this.last = this.now();
    if (latest !== null) this.say(size > 1 ? `${size} notes changed` : latest);
  }
}
