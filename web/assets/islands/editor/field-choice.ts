// Which field the text is typed in. The plain text area works from the first moment; the rich one takes its place once
// it is there, with the text, the caret and the focus as they are. Who prefers the plain one gets it, on this device.

import { local, remember } from "../dom/storage.js";
import type { RichField } from "./code/rich-field.js";
import { FindPanel } from "./find-panel.js";
import { PlainField } from "./text-field.js";
import { Toolbar } from "./toolbar.js";
import type { WritingForm } from "./writing-form.js";

const KEPT = "notes:text-field";

export class FieldChoice {
  rich: RichField | null = null;
  private readonly area: HTMLTextAreaElement;
  private readonly host = document.getElementById("body-view") as HTMLElement;
  private readonly toggle = document.getElementById("plain-text") as HTMLInputElement;
  private readonly toolbar: Toolbar;
  private readonly panel = new FindPanel(document.getElementById("find") as HTMLElement);

  constructor(private readonly form: WritingForm) {
    this.area = form.element.elements.namedItem("body") as HTMLTextAreaElement;
    this.toolbar = new Toolbar(document.getElementById("formatting") as HTMLElement, (name) => this.run(name));
    this.toggle.checked = isPlain();
    this.toggle.addEventListener("change", () => {
      remember(local, KEPT, this.toggle.checked ? "plain" : "rich");
      this.choose();
    });
    // Who asks for the text area by its label, or by the summary of what is wrong, means the text.
    document.addEventListener("click", (event) => this.pointed(event));
    this.area.addEventListener("invalid", (event) => this.refused(event));
    this.choose();
  }

  private choose(): void {
    if (this.toggle.checked) this.plain();
    else void this.load();
  }

  private run(name: string): void {
    if (name === "find") this.find();
    else this.rich?.run(name);
  }

  private find(): void {
    if (this.rich) this.panel.open(this.rich, this.rich.selected());
  }

  private findNext(forward: boolean): void {
    if (this.panel.isOpen) this.panel.step(forward);
    else this.find();
  }

  private close(): boolean {
    const wasOpen = this.panel.isOpen;
    this.panel.close();
    return wasOpen;
  }

  private plain(): void {
    this.panel.close();
    this.rich?.end(this.host);
    this.rich = null;
    this.form.body = new PlainField(this.area);
    this.show("plain");
  }

  private async load(): Promise<void> {
    try {
      const { RichField } = await import("./code/rich-field.js");
      // Words that a method of input is composing are finished in the field in which they were begun.
      while (composing(this.area)) await new Promise((go) => this.area.addEventListener("compositionend", go, { once: true }));
      if (this.toggle.checked || this.rich) return;
      this.form.body = this.rich = new RichField(this.area, this.host, {
        find: () => this.find(),
        findNext: (forward) => this.findNext(forward),
        close: () => this.close(),
      });
      this.show("rich");
    } catch {
      this.show("plain"); // it could not be loaded, or not run here: the text area does all of it
    }
  }

  private show(which: "plain" | "rich"): void {
    this.form.element.dataset["field"] = which;
    this.toolbar.show(which === "rich");
  }

  private pointed(event: MouseEvent): void {
    const pointer = (event.target as Element).closest(`label[for="${this.area.id}"], a[href="#${this.area.id}"]`);
    if (!pointer || !this.rich) return;
    event.preventDefault();
    this.rich.focus();
  }

  /** What is wrong stands below the text; a bubble could point at nothing. */
  private refused(event: Event): void {
    if (!this.rich) return;
    event.preventDefault();
    this.rich.focus();
  }
}

/** A finger's keyboard corrects, suggests and dictates in ways that could not be tried: it gets the plain field. */
function isPlain(): boolean {
  const kept = local.getItem(KEPT);
  return kept === null ? matchMedia("(pointer: coarse)").matches : kept === "plain";
}

const composed = new WeakSet<HTMLElement>();
document.addEventListener("compositionstart", (event) => composed.add(event.target as HTMLElement));
document.addEventListener("compositionend", (event) => composed.delete(event.target as HTMLElement));

function composing(area: HTMLElement): boolean {
  return composed.has(area);
}
