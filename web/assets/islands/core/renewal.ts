// Loading something anew until it was done once after it was last wanted. One at a time, however often it is wanted; a
// failure is tried again, for the page must not stay behind.

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

type Sleep = (milliseconds: number) => Promise<unknown>;

export class Renewal {
  private wanted = 0;
  private done = 0;
  private running = false;

  constructor(
    private readonly work: () => Promise<unknown>,
    private readonly sleep: Sleep = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds)),
  ) {}

  want(): void {
    this.wanted += 1;
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    for (let pause = FIRST_PAUSE_MS; this.done < this.wanted; ) {
      const goal = this.wanted;
      try {
        await this.work();
        this.done = goal;
        pause = FIRST_PAUSE_MS;
      } catch {
        await this.sleep(pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      }
    }
    this.running = false;
  }
}
