// How long a writer rests before the preview is asked for again: so that it costs the server at most a quarter of the
// time of one who renders, whatever the size of the text, and less while it fails. Pure.

const LEAST_MS = 400;
const PER_KIB_MS = 10;
const REST = 3;
const AFTER_FAILURE_MS = 2_000;
const LONGEST_MS = 30_000;

export class Pace {
  private last = 0;
  private failures = 0;

  took(milliseconds: number): void {
    [this.last, this.failures] = [milliseconds, 0];
  }

  failed(): void {
    this.failures++;
  }

  pause(characters: number): number {
    const wait = Math.max(LEAST_MS, (characters / 1024) * PER_KIB_MS, REST * this.last);
    const failing = this.failures && AFTER_FAILURE_MS * 2 ** (this.failures - 1);
    return Math.min(LONGEST_MS, Math.max(wait, failing));
  }
}
