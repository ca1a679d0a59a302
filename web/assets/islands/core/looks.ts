// Telling the server which version of a note this person looked at: at most once a minute, the latest one. Pure.

export const PAUSE_MS = 60_000;

export interface Clock {
  now(): number;
  after(milliseconds: number, work: () => void): void;
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

  saw(version: number): void {
    this.wanted = Math.max(this.wanted, version);
    if (this.waiting || this.wanted <= this.told) return;
    const wait = this.last + PAUSE_MS - this.clock.now();
    if (wait <= 0) return this.tell();
    this.waiting = true;
    this.clock.after(wait, () => {
      this.waiting = false;
      this.tell();
    });
  }

  private tell(): void {
    this.told = this.wanted;
    this.last = this.clock.now();
    this.send(this.told);
  }
}
