// After a page jumped, what somebody goes on typing is no command: single keys count again after a second of quiet.

const QUIET_MS = 1_000;

export class Deafness {
  private until: number;

  constructor(jumped: boolean, now: number) {
    this.until = jumped ? now + QUIET_MS : -Infinity;
  }

  /** Is this key a command? One that is not keeps the ear closed. */
  hears(now: number): boolean {
    if (now >= this.until) return true;
    this.until = now + QUIET_MS;
    return false;
  }
}
