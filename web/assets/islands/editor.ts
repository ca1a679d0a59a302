// Writing: drafts on this device, saving without leaving, a question before unsaved text is left, preview.

import type { State as LinkState } from "./core/connection.js";
import { Drafts, type Draft } from "./core/drafts.js";
import { isSave } from "./core/keys.js";
import { LastSeen } from "./core/last-seen.js";
import { told, type Facts } from "./core/writing.js";
import { announce, toast } from "./dom/feedback.js";
import { nodesOf } from "./dom/html.js";
import { currentUser } from "./dom/current-user.js";
import { postUntilAnswered, Unanswered, whenReachable } from "./dom/repeating.js";
import { Failed, freshOnce, postForm } from "./dom/request.js";
import { local } from "./dom/storage.js";
import { jump } from "./dom/typing.js";
import { Live } from "./live.js";
import { RemoteChanges, whole, type Words } from "./remote-changes.js";
import { offerDraft, type Desk } from "./recovery.js";
import { watchWriters } from "./writers.js";
import "./site.js";

const DRAFT_PAUSE_MS = 400;
/** What these buttons of our forms lead to is a saved note; the others lead to a page of the server's. */
const SAVING = ["save", "mine", "together", "both"];

interface Saved {
  key: string;
  version: number;
  updated_at: string;
  url: string;
}

class Editor implements Desk {
  /** The key of the note; "" until a new one was saved for the first time. */
  note: string;
  readonly writing: string;
  /** The version that this text is based on; the form of a conflict carries a newer one. */
  version: number;
  remoteChanges: RemoteChanges | null = null;
  /** A new note is there now. */
  onMade: () => void = () => {};
  private readonly drafts = new Drafts(local, currentUser.id);
  private readonly title: HTMLInputElement;
  private readonly body: HTMLTextAreaElement;
  /** What the server has; null for a text that came back unsaved. */
  private saved: string | null;
  private savedAt = "";
  private sending: Facts["sending"] = "no";
  /** Left on purpose: with the draft kept for later, or dropped. */
  private leaving: "no" | "kept" | "dropped" = "no";
  private isKept = true;
  /** The server's own page shall answer the next submit. */
  private byPage = false;
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
    addEventListener("pagehide", () => {
      if (this.leaving === "dropped") this.drafts.drop(this.note, this.writing);
      else this.keep();
    });
    addEventListener("pageshow", (event) => event.persisted && this.stays("no"));
    addEventListener("beforeunload", (event) => {
      if (this.isDirty() && this.sending !== "page" && this.leaving === "no") event.preventDefault();
    });
    document.addEventListener("keydown", (event) => this.hotkey(event));
    this.title.addEventListener("keydown", (event) => this.goOn(event));
    document.querySelector('[data-action="copy"]')?.addEventListener("click", () => void this.copy());
    document.querySelector("#signed-out a")?.addEventListener("click", () => this.comeBack());
    document.getElementById("take-theirs")?.addEventListener("click", () => (this.leaving = "dropped"));
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
    if (!this.isDirty()) return;
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
    this.leaving = "kept";
  }

  private typed(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), DRAFT_PAUSE_MS);
    this.leaving = "no";
    this.byPage = false;
    if (this.sending === "failed" || this.sending === "unknown") this.sending = "no";
    this.say();
  }

  private submitted(event: SubmitEvent): void {
    const button = event.submitter as HTMLButtonElement | null;
    if (button?.value === "preview") {
      event.preventDefault();
      void this.preview(button);
      return;
    }
    if (!this.byPage && (!button || SAVING.includes(button.value) || button.hasAttribute("formaction"))) {
      event.preventDefault();
      void this.saveAndRead(button);
      return;
    }
    this.keep();
    this.is("page");
  }

  /** Save, then go where the form would have gone. Whatever is not plain success is told by the server's own pages. */
  private async saveAndRead(button: HTMLButtonElement | null): Promise<void> {
    if (this.isSending()) return;
    this.keep();
    const fields = new FormData(this.form, button);
    fields.set("then", "read");
    const action = button?.hasAttribute("formaction") ? button.formAction : this.form.action;
    this.is("page");
    this.hold(true);
    try {
      const made = await postUntilAnswered<Saved>(action, fields, (sent) => this.waits(sent));
      this.is("page");
      await whenReachable();
      location.assign(made?.url ?? "/");
    } catch (error) {
      this.hold(false);
      if (error instanceof Unanswered) this.unanswered(error);
      else this.askThePage(button);
    }
  }

  private askThePage(button: HTMLButtonElement | null): void {
    this.is("no");
    // Until it has left: the form is asked about its way before it goes.
    this.byPage = true;
    jump(() => this.form.requestSubmit(button?.isConnected ? button : null));
  }

  private isSending(): boolean {
    return ["page", "here", "unanswered", "unreached"].includes(this.sending);
  }

  /** What is typed while the page is on its way to another one would be lost. */
  private hold(held: boolean): void {
    this.title.readOnly = this.body.readOnly = held;
  }

  private stays(sending: Facts["sending"]): void {
    this.hold(false);
    this.byPage = false;
    this.is(sending);
  }

  private waits(sent: boolean): void {
    const before = this.sending;
    this.is(sent ? "unanswered" : "unreached");
    const words = document.getElementById("edit-state")?.textContent;
    if (words && before !== this.sending) announce(words, words);
  }

  /** The server could not be reached, so the page stayed. */
  private unsent(event: Event): void {
    event.preventDefault();
    this.unanswered(new Unanswered(false));
  }

  private unanswered({ sent }: Unanswered): void {
    this.byPage = false;
    this.keep();
    this.is(sent ? "unknown" : "failed");
    const words = document.getElementById("edit-state")?.textContent;
    const text = sent
      ? "There was no answer, so your text may not be saved. It is kept: save it again."
      : "Not saved: the server cannot be reached. Your text is kept.";
    if (words) announce(words, words);
    else toast({ text, tone: "error" });
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
      if (error instanceof Failed && error.status === 401) this.askThePage(this.button());
      else button.textContent = "Preview is unavailable, try again";
    }
  }

  private hotkey(event: KeyboardEvent): void {
    if (!isSave(event)) return;
    event.preventDefault();
    if (this.form.id === "edit-form") void this.saveHere();
    else this.leave();
  }

  /** Enter in the title goes to the text, as in any text; it saves nothing half-written. */
  private goOn(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.body.focus();
  }

  /** Save and go on writing. Whatever is not plain success is told by the server's own pages. */
  private async saveHere(): Promise<void> {
    if (this.isSending() || !this.isDirty() || !this.form.reportValidity()) return;
    this.keep();
    const sent = this.words();
    const fields = new FormData(this.form);
    fields.set("choice", "save");
    this.is("here");
    try {
      const made = await postUntilAnswered<Saved>(this.form.action, fields, (sent) => this.waits(sent));
      if (made && this.note === "") this.isMade(made, sent);
      if (made) this.isSaved(sent, made.version, made.updated_at);
    } catch (error) {
      if (error instanceof Failed && error.status < 500) this.askThePage(this.button());
      else this.unanswered(error instanceof Unanswered ? error : new Unanswered(true));
    }
  }

  /** A new note was saved: the same page is its editor from now on, wherever the cursor stands. */
  private isMade({ key, url }: Saved, sent: Words): void {
    this.drafts.drop("", this.writing);
    this.note = this.form.dataset["key"] = key;
    this.form.action = `${url}/edit`;
    for (const name of ["base_title", "base"]) if (!this.field(name)) this.form.append(hiddenField(name));
    const once = this.field("once");
    if (once) once.value = freshOnce();
    this.form.querySelector(".more")?.remove();
    showAsEditor(url, sent.title);
    this.onMade();
  }

  private isSaved(sent: Words, version: number, at: string): void {
    this.began(version, { title: sent.title.trim(), body: sent.body });
    this.saved = whole(sent);
    this.savedAt = at;
    new LastSeen(local, currentUser.id).saw(this.note, version);
    if (!this.isDirty()) this.drafts.drop(this.note, this.writing);
    this.is("no");
    this.keep();
    this.remoteChanges?.check();
  }

  private leave(): void {
    this.button()?.click();
  }

  private button(): HTMLButtonElement | null {
    return this.form.querySelector<HTMLButtonElement>('[value="save"], .primary');
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

const form = document.querySelector<HTMLFormElement>("#edit-form, #conflict-form, #deleted-form");
if (form) {
  const editor = new Editor(form);
  if (form.id === "edit-form") offerDraft(editor, new Drafts(local, currentUser.id));
  const live = new Live([], (link) => editor.watch(link));
  const follow = () => {
    editor.remoteChanges = new RemoteChanges(editor.note, () => editor);
    live.add(editor.remoteChanges);
    watchWriters(live, editor.note);
  };
  if (form.id === "edit-form" && editor.note !== "") follow();
  editor.onMade = follow;
}
