// Writing: drafts on this device, a question before unsaved text is left, and what the writer is told.

import type { State as LinkState } from "../core/connection.js";
import { Drafts, type Draft } from "../core/drafts.js";
import { isSave } from "../core/keys.js";
import { LastSeen } from "../core/last-seen.js";
import { told } from "../core/writing.js";
import { currentUser } from "../dom/current-user.js";
import { toast } from "../dom/feedback.js";
import { local } from "../dom/storage.js";
import type { RemoteChanges, Words } from "../remote-changes.js";
import type { Desk } from "../recovery.js";
import { Saving, type Keeper } from "./saving.js";
import type { Saved, WritingForm } from "./writing-form.js";

const DRAFT_PAUSE_MS = 400;

export class Editor implements Desk, Keeper {
  remoteChanges: RemoteChanges | null = null;
  /** A new note is there now. */
  onMade: () => void = () => {};
  private readonly drafts = new Drafts(local, currentUser.id);
  private readonly saving: Saving;
  private savedAt = "";
  /** Left on purpose: with the draft kept for later, or dropped. */
  private leaving: "no" | "kept" | "dropped" = "no";
  private isKept = true;
  private link: LinkState = "connecting";
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly form: WritingForm) {
    form.element.addEventListener("input", () => this.typed());
    this.saving = new Saving(form, this);
    this.guardLeaving();
    document.addEventListener("keydown", (event) => this.hotkey(event));
    form.title.addEventListener("keydown", (event) => this.goOn(event));
    document.querySelector('[data-action="copy"]')?.addEventListener("click", () => void this.copy());
    this.say();
  }

  get note(): string {
    return this.form.note;
  }

  get writing(): string {
    return this.form.writing;
  }

  get version(): number {
    return this.form.version;
  }

  get base(): Words {
    return this.form.base;
  }

  words(): Words {
    return this.form.words();
  }

  isDirty(): boolean {
    return this.form.isDirty();
  }

  watch(link: LinkState): void {
    this.link = link;
    if (link === "live") this.saving.reconnected();
    this.say();
  }

  /** A draft takes the place of the text, over the version that it was written over. */
  take(draft: Draft): void {
    this.form.title.value = draft.title;
    this.form.body.write(draft.body);
    if (draft.version > 0) this.form.began(draft.version, draft.base);
    this.keep();
    if (this.isKept) this.drafts.drop(this.note, draft.writing);
    this.say();
    this.form.body.focus();
  }

  keep(): void {
    clearTimeout(this.timer);
    if (!this.isDirty()) return;
    const at = new Date().toISOString();
    const { writing, version, knownBase: base } = this.form;
    this.isKept = this.drafts.write(this.note, { writing, ...this.words(), version, base, at });
    this.say();
  }

  isSaved(sent: Words, saved: Saved): void {
    const isNew = this.note === "";
    if (isNew) {
      this.drafts.drop("", this.writing);
      this.form.isMade(saved, sent.title);
      this.onMade();
    }
    this.form.isSaved(sent, saved.version);
    this.savedAt = saved.updated_at;
    new LastSeen(local, currentUser.id).saw(this.note, saved.version);
    if (!this.isDirty()) this.drafts.drop(this.note, this.writing);
    this.saving.is("no");
    this.keep();
    this.remoteChanges?.check();
  }

  say(): void {
    const line = document.getElementById("edit-state");
    if (!line || !this.saving) return;
    const { isKept, savedAt, link } = this;
    const [state, words] = told({ sending: this.saving.state, isKept, savedAt, link, isDirty: this.isDirty() });
    line.dataset["state"] = state;
    if (line.textContent !== words) line.textContent = words;
  }

  /** The server's own page carries the text through the log-in. */
  logInFirst(): void {
    this.saving.askThePage(this.form.saveButton());
  }

  private guardLeaving(): void {
    addEventListener("pagehide", () => {
      if (this.leaving === "dropped") this.drafts.drop(this.note, this.writing);
      else this.keep();
    });
    addEventListener("pageshow", (event) => event.persisted && this.saving.stays());
    addEventListener("beforeunload", (event) => {
      if (this.isDirty() && this.saving.state !== "page" && this.leaving === "no") event.preventDefault();
    });
    document.querySelector("#signed-out a")?.addEventListener("click", () => this.comeBack());
    document.getElementById("take-theirs")?.addEventListener("click", () => (this.leaving = "dropped"));
  }

  private async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.form.body.value);
      toast({ text: "Copied." });
    } catch {
      // Plain http has no clipboard for scripts: the person's own copy key does it.
      this.form.body.select();
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
    this.saving.typed();
    this.say();
  }

  private hotkey(event: KeyboardEvent): void {
    if (!isSave(event)) return;
    event.preventDefault();
    if (this.form.isEditor) void this.saving.here();
    else this.form.saveButton()?.click();
  }

  /** Enter in the title goes to the text, as in any text; it saves nothing half-written. */
  private goOn(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.form.body.focus();
  }
}
