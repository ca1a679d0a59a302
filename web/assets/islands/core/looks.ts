// Telling the server which version of a note this person looked at: at most once a minute, the latest one; once
// more as the page is left. What comes in while a page is open comes to everybody who has the note open at the same
// moment: each tells it in its own time. Pure.

export const PAUSE_MS = 60_000;

export interface Clock {
  now(): number;
  after(milliseconds: number, work: () => void): void;
  /** From 0 up to 1. */
  random(): number;
}

export class Looks {
  private wanted = 0;
  private waiting = false;

  /** `told`: what the server knows; `last`: when it was told, by this page or one before it, 0 for never. */
  constructor(
    private readonly send: (version: number) => void,
    private readonly clock: Clock,
    private told: number,
    private last: number,
  ) {}

  /** `isLive`: it came in while the page was open. */
  saw(version: number, isLive = false): void {
    this.wanted = Math.max(this.wanted, version);
    if (this.waiting || this.wanted <= this.told) return;
    const wait = Math.max(this.last + PAUSE_MS - this.clock.now(), isLive ? this.clock.random() * PAUSE_MS : 0);
    if (wait <= 0) return this.tell();
    this.waiting = true;
    this.clock.after(wait, () => {
      this.waiting = false;
      this.flush();
    });
  }

  /** Nothing may wait any longer. */
  flush(): void {
    if (this.wanted > this.told) this.tell();
  }

  private tell(): void {
    this.told = this.wanted;
    this.last = this.clock.now();
    this.send(this.told);
  }
}
