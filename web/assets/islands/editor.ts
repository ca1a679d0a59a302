// Writing: drafts on this device, a question before unsaved text is left, a word when others save meanwhile, preview.

import type { State as LinkState } from "./core/connection.js";
import { Drafts, type Draft } from "./core/drafts.js";
import { Seen, type NoteEvent, type Person, type Position } from "./core/events.js";
import { clock } from "./core/times.js";
import { toast } from "./dom/feedback.js";
import { nodesOf } from "./dom/html.js";
import { isOther, reader } from "./dom/reader.js";
import { Failed, getJson, postForm } from "./dom/request.js";
import { Live, type Channel } from "./live.js";
import "./site.js";

const DRAFT_PAUSE_MS = 400;

class Editor {
  private readonly drafts = new Drafts(localStorage, reader.id);
  private readonly key: string;
  private readonly title: HTMLInputElement;
  private readonly body: HTMLTextAreaElement;
  private readonly saved: string;
  private isSending = false;
  private isLetGo = false;
  private link: LinkState = "connecting";
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly form: HTMLFormElement) {
    this.key = form.dataset["key"] ?? "";
    this.title = form.elements.namedItem("title") as HTMLInputElement;
    this.body = form.elements.namedItem("body") as HTMLTextAreaElement;
    // A form that came back with errors holds unsaved text from the start.
    this.saved = form.dataset["dirty"] === "yes" || form.id !== "edit-form" ? "\0" : this.text();
    form.addEventListener("input", () => this.typed());
    form.addEventListener("submit", (event) => this.sending(event));
    addEventListener("pagehide", () => this.keep());
    addEventListener("pageshow", (event) => (this.isSending = event.persisted ? false : this.isSending));
    addEventListener("beforeunload", (event) => {
      if (this.isDirty() && !this.isSending) event.preventDefault();
    });
    document.addEventListener("keydown", (event) => this.hotkey(event));
    document.querySelector('[data-action="copy"]')?.addEventListener("click", () => void this.copy());
    document.querySelector("#signed-out a")?.addEventListener("click", () => this.comeBack());
    document.getElementById("take-theirs")?.addEventListener("click", () => this.letGo());
    this.say();
  }

  watch(link: LinkState): void {
    this.link = link;
    this.say();
  }

  /** Unsaved text of an earlier visit is offered, never put in by itself. */
  offerDraft(): void {
    const draft = this.drafts.read(this.key);
    const bar = document.getElementById("restore");
    if (!draft || !bar || this.isDirty() || textOf(draft) === this.saved) return;
    const since = draft.version < Number(this.form.dataset["version"]) ? " The note has changed since." : "";
    const words = `You have unsaved text from ${clock(draft.at)} on this device.${since}`;
    (bar.querySelector('[data-field="text"]') as HTMLElement).textContent = words;
    bar.hidden = false;
    bar.addEventListener("click", (event) => {
      const action = (event.target as HTMLElement).dataset["action"];
      if (action === "drop-draft") this.drafts.drop(this.key);
      if (action === "restore-draft") this.restore(draft);
      if (action) bar.hidden = true;
    });
  }

  /** The newest draft already stands in this page: a conflict, or a note that is gone. */
  keep(): void {
    clearTimeout(this.timer);
    if (!this.isDirty() || this.isLetGo) return;
    const version = Number(this.form.dataset["version"] ?? 0);
    const at = new Date().toISOString();
    this.drafts.write(this.key, {
      title: this.title.value,
      body: this.body.value,
      version,
      at,
      sent: this.isSending,
    });
  }

  isDirty(): boolean {
    return this.text() !== this.saved;
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
    this.isSending = this.isLetGo = true;
  }

  private letGo(): void {
    this.isSending = this.isLetGo = true;
    this.drafts.drop(this.key);
  }

  private restore(draft: Draft): void {
    this.title.value = draft.title;
    this.body.value = draft.body;
    // The draft was written over its own version: if the note went on, saving shows both.
    const version = this.form.elements.namedItem("version") as HTMLInputElement | null;
    if (version && draft.version > 0) version.value = String(draft.version);
    this.say();
    this.body.focus();
  }

  private text(): string {
    return textOf({ title: this.title.value, body: this.body.value });
  }

  private typed(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), DRAFT_PAUSE_MS);
    this.say();
  }

  private sending(event: SubmitEvent): void {
    const choice = (event.submitter as HTMLButtonElement | null)?.value;
    if (choice === "preview") {
      event.preventDefault();
      void this.preview(event.submitter as HTMLButtonElement);
      return;
    }
    this.isSending = true;
    this.keep();
    this.say();
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
      if (error instanceof Failed && error.status === 401) {
        this.isSending = true;
        this.form.requestSubmit(this.form.querySelector<HTMLButtonElement>('[value="save"]'));
      } else {
        button.textContent = "Preview is away, try again";
      }
    }
  }

  private hotkey(event: KeyboardEvent): void {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.form.querySelector<HTMLButtonElement>('[value="save"]')?.click();
  }

  private say(): void {
    const line = document.getElementById("edit-state");
    if (!line) return;
    const offline = this.link === "offline";
    line.dataset["state"] = offline ? "offline" : this.isDirty() ? "unsaved" : "saved";
    const unsaved = offline ? "Offline: kept on this device" : "Unsaved changes";
    line.textContent = this.isSending ? "Saving…" : this.isDirty() ? unsaved : offline ? "Offline" : "";
  }
}

/** What others do to the note meanwhile, told beside the text and never in it. */
class Meanwhile implements Channel {
  readonly since = null;
  private readonly seen = new Seen();

  constructor(
    readonly name: string,
    private readonly key: string,
    private readonly version: number,
  ) {}

  receive(data: unknown): void {
    const event = data as NoteEvent;
    if (!this.seen.isNew(event.id)) return;
    if (event.type === "note.updated") this.newer(event.note.version, event.by);
    if (event.type === "note.deleted") this.gone(event.by);
  }

  async reload(): Promise<Position> {
    try {
      const url = `/live/notes/${encodeURIComponent(this.key)}`;
      const found = await getJson<{ note: { version: number; editor: Person }; position: Position }>(url);
      this.newer(found.note.version, found.note.editor);
      return found.position;
    } catch (error) {
      if (error instanceof Failed && error.status === 410) this.gone(error.problem.by ?? null);
      throw error;
    }
  }

  private newer(version: number, by: Person): void {
    if (version <= this.version) return;
    const who = isOther(by) ? by.name : "You";
    tell("newer", `${who} saved a newer version${isOther(by) ? "" : " elsewhere"}. Saving yours will show both.`);
  }

  private gone(by: Person | null): void {
    const who = by ? ` by ${isOther(by) ? by.name : "you"}` : "";
    tell("gone", `This note was deleted${who}. Your text is kept here.`);
  }
}

function tell(id: string, sentence: string): void {
  const bar = document.getElementById(id);
  const text = bar?.querySelector('[data-field="text"]');
  if (!bar || !text) return;
  text.textContent = sentence;
  bar.hidden = false;
  const status = document.getElementById("status");
  if (status) status.textContent = sentence;
}

function textOf(draft: Pick<Draft, "title" | "body">): string {
  return `${draft.title}\0${draft.body}`;
}

const form = document.querySelector<HTMLFormElement>("#edit-form, #conflict-form, #deleted-form");
if (form) {
  const editor = new Editor(form);
  if (form.id === "edit-form") editor.offerDraft();
  const { channel, key, version } = form.dataset;
  const meanwhile = channel ? [new Meanwhile(channel, key ?? "", Number(version))] : [];
  new Live(meanwhile, (link) => editor.watch(link));
}
