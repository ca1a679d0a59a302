// Where the text of the note is typed. Whoever shows it, the form's text area is its field: it is what is sent, kept
// and compared.

export interface TextField {
  /** With line feeds alone, as a text area has them. */
  readonly value: string;
  /** Put another text in its place. */
  write(text: string): void;
  focus(): void;
  /** Mark all of it, for the person's own copy key. */
  select(): void;
  /** While held, nothing can be typed. */
  hold(held: boolean): void;
}

export class PlainField implements TextField {
  constructor(private readonly area: HTMLTextAreaElement) {}

  get value(): string {
    return this.area.value;
  }

  write(text: string): void {
    this.area.value = text;
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  focus(): void {
    this.area.focus();
  }

  select(): void {
    this.area.select();
  }

  hold(held: boolean): void {
    this.area.readOnly = held;
  }
}
