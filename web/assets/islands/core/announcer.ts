// What a screen reader is told, at most one sentence in a while: a burst becomes its sum.

export const PAUSE_MS = 3_000;

type Later = (work: () => void, milliseconds: number) => unknown;

export class Announcer {
  private waiting: { about: string; sentence: string }[] = [];
  private last = -Infinity;
  private planned = false;

  constructor(
    private readonly say: (sentence: string) => void,
    private readonly now: () => number,
    private readonly later: Later,
  ) {}

  /** `about`: which note; several sentences about one note count once. */
  tell(about: string, sentence: string): void {
    this.waiting.push({ about, sentence });
    if (this.planned) return;
    this.planned = true;
    // A short wait even at first, so that a burst is summed from its start.
    this.later(() => this.flush(), Math.max(100, this.last + PAUSE_MS - this.now()));
  }

  private flush(): void {
    const notes = new Set(this.waiting.map((each) => each.about));
    const latest = this.waiting.at(-1);
    this.waiting = [];
    this.planned = false;
    this.last = this.now();
    if (latest) this.say(notes.size > 1 ? `${notes.size} notes changed` : latest.sentence);
  }
}
