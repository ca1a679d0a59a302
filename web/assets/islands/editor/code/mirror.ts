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
  private readonly ended = new AbortController();

  /** `text`: what the other field has. `adopt`: it gets what came into the text area otherwise. */
  constructor(
    private readonly area: HTMLTextAreaElement,
    private readonly text: () => string,
    private readonly adopt: (text: string) => void,
  ) {
    const { signal } = this.ended;
    Object.defineProperty(area, "value", {
      configurable: true,
      get: () => this.text(),
      set: (text: string) => {
        native.set.call(area, text);
        this.adopt(native.get.call(area));
      },
    });
    area.form?.addEventListener("formdata", ({ formData }) => formData.set(area.name, this.text()), { signal });
    // An extension of the browser has put its text there.
    area.addEventListener("input", () => this.isOurs || this.adopt(native.get.call(area)), { signal });
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

  private write(): void {
    clearTimeout(this.timer);
    if (native.get.call(this.area) !== this.text()) native.set.call(this.area, this.text());
  }
}
