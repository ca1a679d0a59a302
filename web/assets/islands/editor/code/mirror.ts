// The form's text area while another field shows its text. To put a long text into a text area takes browsers many
// milliseconds, even where it is not drawn; so it happens when the writer rests. Whoever asks before gets the text all
// the same: the scripts of the page by `value`, a form that is sent or read by the event that lists its fields.

const PAUSE_MS = 200;
const PER_KIB_MS = 10;

const native = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value") as {
  get(this: HTMLTextAreaElement): string;
  set(this: HTMLTextAreaElement, text: string): void;
};

export class Mirror {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isOurs = false;
  /** What the text area got from here, as it has it. */
  private given: string;
  private readonly ended = new AbortController();

  /** `text`: what the other field has. `adopt`: it gets what came into the text area otherwise. */
  constructor(
    private readonly area: HTMLTextAreaElement,
    private readonly text: () => string,
    private readonly adopt: (text: string) => void,
  ) {
    const { signal } = this.ended;
    this.given = native.get.call(area);
    Object.defineProperty(area, "value", {
      configurable: true,
      get: () => this.text(),
      set: (text: string) => {
        this.give(text);
        this.adopt(this.given);
      },
    });
    area.form?.addEventListener("formdata", ({ formData }) => formData.set(area.name, this.text()), { signal });
    area.addEventListener("input", () => this.isOurs || this.take(), { signal });
    addEventListener("pagehide", () => this.write(), { signal });
  }

  /** The other field has another text: whoever listens to the text area hears it. */
  changed(): void {
    clearTimeout(this.timer);
    const text = this.text();
    this.timer = setTimeout(() => this.write(), PAUSE_MS + (text.length / 1024) * PER_KIB_MS);
    this.isOurs = true;
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
    this.isOurs = false;
  }

  end(): void {
    this.write();
    this.ended.abort();
    Reflect.deleteProperty(this.area, "value");
  }

  /** An extension of the browser has put its text there; else it is what it got last, and may be older than ours. */
  private take(): void {
    const text = native.get.call(this.area);
    if (text === this.given) return;
    this.given = text;
    this.adopt(text);
  }

  private write(): void {
    clearTimeout(this.timer);
    if (native.get.call(this.area) !== this.text()) this.give(this.text());
  }

  private give(text: string): void {
    native.set.call(this.area, text);
    this.given = native.get.call(this.area);
  }
}
