// Writing: drafts on this device, saving without leaving, a question before unsaved text is left, preview.

import type { State as LinkState } from "./core/connection.js";
import { Drafts, type Draft } from "./core/drafts.js";
import { told, type Facts } from "./core/writing.js";
import { announce, toast } from "./dom/feedback.js";
import { nodesOf } from "./dom/html.js";
import { reader } from "./dom/reader.js";
import { Failed, postForm } from "./dom/request.js";
import { Live } from "./live.js";
import { Meanwhile, whole, type Words } from "./meanwhile.js";
import { offerDraft, type Desk } from "./recovery.js";
import { watchWriters } from "./writers.js";
import "./site.js";

const DRAFT_PAUSE_MS = 400;

class Editor implements Desk {
  readonly note: string;
  readonly writing: string;
  /** The version that this text is based on; the form of a conflict carries a newer one. */
  version: number;
  meanwhile: Meanwhile | null = null;
  private readonly drafts = new Drafts(localStorage, reader.id);
  private readonly title: HTMLInputElement;
  private readonly body: HTMLTextAreaElement;
  /** What the server has; null for a text that came back unsaved. */
  private saved: string | null;
  private savedAt = "";
  private sending: Facts["sending"] = "no";
  private isLetGo = false;
  private isKept = true;
  private link: LinkState = "connecting";
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly form: HTMLFormElement) {
    this.note = form.dataset["key"] ?? "";
    this.version = Number(form.dataset["version"] ?? 0);
    this.writing = this.field("writing")?.value ?? "";
    this.title = form.elements.namedItem("title") as HTMLInputElement;
    this.body = form.elements.namedItem("body") as HTMLTextAreaElement;
    this.saved = form.dataset["dirty"] === "yes" || form.id !== "edit-form" ? null : whole(this.words());
    form.addEventListener("input", () => this.typed());
    form.addEventListener("submit", (event) => this.submitted(event));
    form.addEventListener("unsent", (event) => this.unsent(event));
    addEventListener("pagehide", () => this.keep());
    addEventListener("pageshow", (event) => event.persisted && this.is("no"));
    addEventListener("beforeunload", (event) => {
      if (this.isDirty() && this.sending !== "page" && !this.isLetGo) event.preventDefault();
    });
    document.addEventListener("keydown", (event) => this.hotkey(event));
    document.querySelector('[data-action="copy"]')?.addEventListener("click", () => void this.copy());
    document.querySelector("#signed-out a")?.addEventListener("click", () => this.comeBack());
    document.getElementById("take-theirs")?.addEventListener("click", () => this.letGo());
    this.say();
  }

  get base(): Words {
    return { title: this.field("base_title")?.value ?? "", body: unified(this.field("base")?.value ?? "") };
  }

  words(): Words {
    return { title: this.title.value, body: this.body.value };
  }

  isDirty(): boolean {
    return whole(this.words()) !== this.saved;
  }

  watch(link: LinkState): void {
    this.link = link;
    if (link === "live" && this.sending === "failed") this.sending = "no";
    this.say();
  }

  /** A draft takes the place of the text, over the version that it was written over. */
  take(draft: Draft): void {
    [this.title.value, this.body.value] = [draft.title, draft.body];
    if (draft.version > 0) this.began(draft.version, draft.base);
    this.keep();
    if (this.isKept) this.drafts.drop(this.note, draft.writing);
    this.say();
    this.body.focus();
  }

  /** Keep the text on this device as it is now. */
  keep(): void {
    clearTimeout(this.timer);
    if (!this.isDirty() || this.isLetGo) return;
    const base = this.field("base") ? this.base : null;
    const at = new Date().toISOString();
    const draft = { writing: this.writing, ...this.words(), version: this.version, base, at };
    this.isKept = this.drafts.write(this.note, draft);
    this.say();
  }

  private field(name: string): HTMLInputElement | null {
    return this.form.elements.namedItem(name) as HTMLInputElement | null;
  }

  private began(version: number, base: Words | null): void {
    this.version = version;
    const fields = { version: String(version), base_title: base?.title ?? "", base: base?.body ?? "" };
    for (const [name, value] of Object.entries(fields)) {
      const input = this.field(name);
      if (input) input.value = value;
      // A base that nobody knows is not sent as an empty one.
      if (input && name !== "version") input.disabled = base === null;
    }
  }

  private async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.body.value);
      toast({ text: "Copied." });
    } catch {
      // Plain http has no clipboard for scripts: the person's own copy key does it.
      this.body.select();
    }
  }

  /** The draft waits for whoever logs in again: leaving loses nothing, so nothing is asked. */
  private comeBack(): void {
    this.keep();
    this.isLetGo = true;
  }

  private letGo(): void {
    this.isLetGo = true;
    this.drafts.drop(this.note, this.writing);
  }

  private typed(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), DRAFT_PAUSE_MS);
    if (this.sending === "failed") this.sending = "no";
    this.say();
  }

  private submitted(event: SubmitEvent): void {
    const button = event.submitter as HTMLButtonElement | null;
    if (button?.value === "preview") {
      event.preventDefault();
      void this.preview(button);
      return;
    }
    this.keep();
    this.is("page");
  }

  /** The server could not be reached, so the page stayed. */
  private unsent(event: Event): void {
    event.preventDefault();
    this.keep();
    this.is("failed");
    const words = document.getElementById("edit-state")?.textContent;
    if (words) announce(words, words);
    else toast({ text: "Not saved: the server cannot be reached. Your text is kept.", tone: "error" });
  }

  private async preview(button: HTMLButtonElement): Promise<void> {
    const fields = new FormData(this.form);
    fields.set("choice", "preview");
    try {
      const made = await postForm<{ html: string }>(this.form.action, fields);
      document.getElementById("preview-body")?.replaceChildren(nodesOf(made?.html ?? ""));
      const section = document.getElementById("preview") as HTMLElement;
      section.hidden = false;
      section.scrollIntoView({ block: "nearest" });
    } catch (error) {
      // Signed out: the server's own page carries the text through the log-in.
      if (error instanceof Failed && error.status === 401) this.leave();
      else button.textContent = "Preview is away, try again";
    }
  }

  private hotkey(event: KeyboardEvent): void {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (this.form.id === "edit-form" && this.note) void this.saveHere();
    else this.leave();
  }

  /** Save and go on writing. Whatever is not plain success is told by the server's own pages. */
  private async saveHere(): Promise<void> {
    if (this.sending === "here" || !this.isDirty() || !this.form.reportValidity()) return;
    this.keep();
    const sent = this.words();
    const fields = new FormData(this.form);
    fields.set("choice", "save");
    this.is("here");
    try {
      const made = await postForm<{ version: number; updated_at: string }>(this.form.action, fields);
      if (made) this.isSaved(sent, made.version, made.updated_at);
    } catch (error) {
      if (error instanceof Failed && error.status < 500) this.leave();
      else this.unsent(new Event("unsent"));
    }
  }

  private isSaved(sent: Words, version: number, at: string): void {
    this.began(version, { title: sent.title.trim(), body: sent.body });
    this.saved = whole(sent);
    this.savedAt = at;
    if (!this.isDirty()) this.drafts.drop(this.note, this.writing);
    this.is("no");
    this.keep();
    this.meanwhile?.check();
  }

  private leave(): void {
    this.form.querySelector<HTMLButtonElement>('[value="save"], .primary')?.click();
  }

  private is(sending: Facts["sending"]): void {
    this.sending = sending;
    this.say();
  }

  private say(): void {
    const line = document.getElementById("edit-state");
    if (!line) return;
    const { sending, isKept, savedAt, link } = this;
    const [state, words] = told({ sending, isKept, savedAt, link, isDirty: this.isDirty() });
    line.dataset["state"] = state;
    if (line.textContent !== words) line.textContent = words;
  }
}

/** Line ends of a hidden field as a text area has them. */
function unified(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

const form = document.querySelector<HTMLFormElement>("#edit-form, #conflict-form, #deleted-form");
if (form) {
  const editor = new Editor(form);
  if (form.id === "edit-form") offerDraft(editor, new Drafts(localStorage, reader.id));
  const follows = form.id === "edit-form" && editor.note !== "";
  if (follows) editor.meanwhile = new Meanwhile(editor.note, () => editor);
  const live = new Live(editor.meanwhile ? [editor.meanwhile] : [], (link) => editor.watch(link));
  if (follows) watchWriters(live, editor.note);
}
