// The form of a note: what stands in it, and what its text is based on.

import { whole, type Words } from "../remote-changes.js";
import { freshOnce } from "../dom/request.js";
import { PlainField, type TextField } from "./text-field.js";

/** What the server says of a text that it saved. */
export interface Saved {
  key: string;
  version: number;
  updated_at: string;
  url: string;
}

export class WritingForm {
  /** The key of the note; "" until a new one was saved for the first time. */
  note: string;
  readonly writing: string;
  /** The version that this text is based on; the form of a conflict carries a newer one. */
  version: number;
  readonly title: HTMLInputElement;
  body: TextField;
  /** What the server has; null for a text that came back unsaved. */
  private saved: string | null;

  constructor(readonly element: HTMLFormElement) {
    this.note = element.dataset["key"] ?? "";
    this.version = Number(element.dataset["version"] ?? 0);
    this.writing = this.field("writing")?.value ?? "";
    this.title = element.elements.namedItem("title") as HTMLInputElement;
    this.body = new PlainField(element.elements.namedItem("body") as HTMLTextAreaElement);
    this.saved = element.dataset["dirty"] === "yes" || !this.isEditor ? null : whole(this.words());
  }

  /** The editor's own form: not that of a conflict or of a deleted note. */
  get isEditor(): boolean {
    return this.element.id === "edit-form";
  }

  get base(): Words {
    return { title: this.field("base_title")?.value ?? "", body: unified(this.field("base")?.value ?? "") };
  }

  /** The base that goes into a draft; null where nobody knows one. */
  get knownBase(): Words | null {
    return this.field("base") ? this.base : null;
  }

  words(): Words {
    return { title: this.title.value, body: this.body.value };
  }

  isDirty(): boolean {
    return whole(this.words()) !== this.saved;
  }

  began(version: number, base: Words | null): void {
    this.version = version;
    const fields = { version: String(version), base_title: base?.title ?? "", base: base?.body ?? "" };
    for (const [name, value] of Object.entries(fields)) {
      const input = this.field(name);
      if (input) input.value = value;
      // A base that nobody knows is not sent as an empty one.
      if (input && name !== "version") input.disabled = base === null;
    }
  }

  isSaved(sent: Words, version: number): void {
    this.began(version, { title: sent.title.trim(), body: sent.body });
    this.saved = whole(sent);
  }

  /** What is typed while the page is on its way to another one would be lost. */
  hold(held: boolean): void {
    this.title.readOnly = held;
    this.body.hold(held);
  }

  /** What the form sends with this choice. */
  data(choice: string): FormData {
    const fields = new FormData(this.element);
    fields.set("choice", choice);
    return fields;
  }

  saveButton(): HTMLButtonElement | null {
    return this.element.querySelector<HTMLButtonElement>('[value="save"], .primary');
  }

  /** A new note was saved: the same page is its editor from now on, wherever the cursor stands. */
  isMade({ key, url }: Saved, title: string): void {
    this.note = this.element.dataset["key"] = key;
    this.element.action = `${url}/edit`;
    for (const name of ["base_title", "base"]) if (!this.field(name)) this.element.append(hiddenField(name));
    const once = this.field("once");
    if (once) once.value = freshOnce();
    this.element.querySelector(".more")?.remove();
    showAsEditor(url, title);
  }

  private field(name: string): HTMLInputElement | null {
    return this.element.elements.namedItem(name) as HTMLInputElement | null;
  }
}

function hiddenField(name: string): HTMLInputElement {
  return Object.assign(document.createElement("input"), { type: "hidden", name });
}

function showAsEditor(url: string, title: string): void {
  history.replaceState(history.state, "", `${url}/edit`);
  document.title = `Edit “${title}” · Notes`;
  const heading = document.getElementById("edit-title");
  if (heading) heading.textContent = "Edit note";
  document.getElementById("cancel")?.setAttribute("href", url);
  document.querySelector("#signed-out a")?.setAttribute("href", `/users/login?next=${encodeURIComponent(`${url}/edit`)}`);
}

/** Line ends of a hidden field as a text area has them. */
function unified(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}
