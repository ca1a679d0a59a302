// The buttons above the text: one stop of Tab, arrows go from one to the next.

export class Toolbar {
  private readonly buttons: HTMLButtonElement[];

  /** `run` gets the name of the button's command. */
  constructor(
    private readonly bar: HTMLElement,
    run: (name: string) => void,
  ) {
    this.buttons = [...bar.querySelectorAll("button")];
    // The text keeps its selection, and on a touch screen its keyboard.
    bar.addEventListener("pointerdown", (event) => event.preventDefault());
    bar.addEventListener("mousedown", (event) => event.preventDefault());
    bar.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLButtonElement>("[data-command]");
      if (!button) return;
      this.rest(button);
      run(button.dataset["command"] ?? "");
    });
    bar.addEventListener("keydown", (event) => this.go(event));
    if (this.buttons[0]) this.rest(this.buttons[0]);
  }

  show(shown: boolean): void {
    this.bar.hidden = !shown;
  }

  private go(event: KeyboardEvent): void {
    const now = this.buttons.indexOf(document.activeElement as HTMLButtonElement);
    const last = this.buttons.length - 1;
    const forward = getComputedStyle(this.bar).direction === "rtl" ? -1 : 1;
    const steps: Record<string, number> = {
      ArrowRight: now + forward, ArrowLeft: now - forward, Home: 0, End: last,
    };
    const next = steps[event.key];
    if (next === undefined || now < 0) return;
    event.preventDefault();
    const button = this.buttons[(next + this.buttons.length) % this.buttons.length] as HTMLButtonElement;
    this.rest(button);
    button.focus();
  }

  /** Tab comes back to this one. */
  private rest(button: HTMLButtonElement): void {
    for (const each of this.buttons) each.tabIndex = each === button ? 0 : -1;
  }
}
