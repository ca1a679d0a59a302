// How a page behaves that cannot connect. Its official client tries every few seconds, which heals any ordinary fault in
// time, but it cannot see an answer that refuses a WebSocket. So after two tries that failed the page asks first, by an
// ordinary request, and where it is told that there is no room now, it waits as long as it is told: nobody waits otherwise.

const UNASKED = 2;
const LONGEST_SECONDS = 15;

/** What the socket's address answers to an ordinary request; null where nothing answers. */
export interface Answer {
  status: number;
  retryAfter: string | null;
}

/** Milliseconds between what was told and twice that, so that those who were told at once do not come back at once. */
export function toldToWait(answer: Answer | null, random: () => number): number | null {
  const told = Number(answer?.retryAfter ?? NaN);
  if (answer?.status !== 503 || !(told > 0)) return null;
  return Math.min(told, LONGEST_SECONDS) * (1 + random()) * 1_000;
}

export class Patience {
  private tries = 0;

  constructor(
    private readonly ask: () => Promise<Answer | null>,
    private readonly sleep: (wait: number) => Promise<void>,
    private readonly random: () => number = Math.random,
  ) {}

  gotIn(): void {
    this.tries = 0;
  }

  /** Resolves when a try is worth while. */
  async beforeATry(): Promise<void> {
    this.tries += 1;
    if (this.tries <= UNASKED) return;
    for (;;) {
      const wait = toldToWait(await this.ask(), this.random);
      if (wait === null) return;
      await this.sleep(wait);
    }
  }
}
